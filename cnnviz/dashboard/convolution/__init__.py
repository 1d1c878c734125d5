"""Convolution page, one module for each of its views."""
