"""Texts of the Filters page."""

TITLE = "Filters"
QUESTION = "What is each filter looking for?"
WHAT = """
Each tile is an image **optimized to activate one filter**: gradient ascent starts from noise and changes the pixels,
step by step, to make the filter's mean activation as large as it can.

- **Natural** patterns are regularized: smooth, with the colors of photographs. **Textbook** patterns change the pixels
  directly, and turn into noise in deep layers.
- A pattern shows *one* thing that activates the filter, not everything, and nothing that a photograph has to contain.
- A filter is **dead** if gradient ascent found no image that activates it, from three random starts. Dead filters are
  listed, not drawn.
- The output layer has patterns too: one per class.
"""
STYLE = "Style"
STYLES = {"natural": "natural", "textbook": "textbook"}
WHICH = "Filters"
WHICHES = {"some": "16 filters", "all": "whole layer", "one": "this filter"}
FILTER = "Filter"
SIZE = "Image size (pixels)"
STEPS = "Steps"
SEED = "Seed"
GENERATE = "Generate {count} patterns"
GENERATE_ONE = "Generate this pattern"
RESUME = "Generate the {count} missing patterns"
ESTIMATE = "about {time} · finished patterns are kept if you cancel"
PROGRESS = "optimizing, {done} of {total} steps · {left} left"
PREPARING = "Compiling gradient ascent ..."
ODD_LISTS = {
    "dead": "Dead (no image activates them): {filters}",
    "rescued": "Rescued (inactive at the start): {filters}",
    "not finite": "NaN or infinite: {filters}",
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
    "optimizing": "optimizing",
}
CARD_ALT = "Pattern of filter {filter} in {layer}"
ANSWER = "activation {before} → **{after}**"
NONE_YET = "No pattern yet."
HISTOGRAM = "Trained vs. untrained weights"
HISTOGRAM_ALT = "Histogram of the layer's weights, trained and freshly initialized"
WEIGHT = "weight"
COUNT = "count"
TRAINED = "trained"
FRESH = "untrained"
NATIVE = "This model accepts {rows} × {columns} images only; the pattern was optimized at that size and enlarged."
