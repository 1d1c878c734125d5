"""What does the heatmaps page draw? One module for each part of it."""
