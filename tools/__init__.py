"""Tools for whoever works on the code."""
