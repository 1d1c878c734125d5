"""Texts of the Filters page."""

TITLE = "Filters"
QUESTION = "What is each filter looking for?"
WHAT = """
Each tile is a picture that was **made to please one filter**: it starts as noise and climbs, step by step, until the
filter answers as strongly as it can.

- **Natural** patterns prefer smooth pictures with the colours of photographs; **textbook** patterns change the pixels
  alone, and turn into noise in deep layers.
- A pattern shows *one* thing that excites the filter, not everything, and nothing that photographs must hold.
- **Dead** filters found no gradient from three starts. They are named, not drawn.
- The output layer has patterns too: one a class.
"""
STYLE = "Style"
STYLES = {"natural": "natural", "textbook": "textbook"}
WHICH = "Which"
WHICHES = {"some": "16 filters", "all": "whole layer", "one": "this filter"}
FILTER = "Filter"
SIZE = "Size in pixels"
STEPS = "Steps"
SEED = "Seed"
GROW = "Grow {count} patterns"
GROW_ONE = "Grow this pattern"
RESUME = "Grow the {count} that are missing"
ESTIMATE = "about {time} · stop whenever you like, what is finished stays"
PROGRESS = "{done} of {total} steps · {left} left"
PREPARING = "Compiling the ascent ..."
ODD_LISTS = {
    "dead": "Dead, no picture makes them answer: {filters}",
    "rescued": "Rescued, silent at the start: {filters}",
    "not finite": "NaN or infinite, nothing to show: {filters}",
}
SHEET = "Patterns of {layer}"
NAME = "filter {filter}"
NAME_STATUS = "filter {filter} · {status}"
STATUSES = {
    "ok": "",
    "rescued": "rescued",
    "dead": "dead",
    "not finite": "not finite",
    "waiting": "waiting",
    "climbing": "forming",
}
CARD_ALT = "Pattern of filter {filter} in {layer}"
ANSWER = "answer {before} → **{after}**"
NONE_YET = "No pattern yet."
HISTOGRAM = "Weights: trained beside fresh"
HISTOGRAM_ALT = "Histogram of the layer's weights, trained and freshly initialised"
WEIGHT = "weight"
COUNT = "count"
TRAINED = "trained"
FRESH = "fresh"
NATIVE = "This network takes pictures of {rows} × {columns} only; the pattern was made at that size and enlarged."
