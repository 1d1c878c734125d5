"""What does the convolution page draw? One module for each of its views."""
