"""Texts of activations."""

TITLE = "Activations"
QUESTION = "?"
WHAT = ""
