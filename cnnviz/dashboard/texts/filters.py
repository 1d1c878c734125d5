"""Texts of filters."""

TITLE = "Filters"
QUESTION = "?"
WHAT = ""
