"""What does the training page draw? One module for each part of it."""
