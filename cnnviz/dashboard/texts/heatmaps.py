"""Texts of heatmaps."""

TITLE = "Heatmaps"
QUESTION = "?"
WHAT = ""
