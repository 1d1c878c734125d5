"""Heatmaps page, one module for each part of it."""
