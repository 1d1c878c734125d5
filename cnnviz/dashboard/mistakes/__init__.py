"""What does the mistakes page draw? One module for each part of it."""
