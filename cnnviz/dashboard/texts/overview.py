"""Texts of the Overview page."""

TITLE = "Overview"
QUESTION = "What is this model, and what does it predict for this image?"
WHAT = """
**Left**, the image exactly as the model receives it: cropped or stretched, resized, and scaled to the values below it.
**Right**, the predictions. Softmax probabilities are relative: a high one means that the other classes fit
worse, not that the object is there. A model without the right class still has to choose one.

**Below**, every layer in the order in which it runs. The height of a point shows the layer's resolution, its size the
number of channels; arcs are skip connections. Click a layer to select it on every page.
"""
RECEIVED = "Model input"
RECEIVED_ALT = "The image as the model receives it, {height} by {width} pixels"
AUDIT = "{fit}, {height} × {width} × {channels}, values {low} to {high}, mean {mean}"
ANSWER = "Predictions"
ANSWER_TOP = "Predictions (top {count})"
ANSWER_HELP = "Click a class to select it on every page."
SCORES = "Raw scores, not probabilities. Click a class to select it on every page."
NUMBERS = "Raw outputs: a regression model has no classes. Click one to select it on every page."
NUMBER = "Raw output: a regression model has no classes."
SCORE = "Raw score: neither a probability nor a class."
GRAPH = "Architecture"
GRAPH_ALT = "Graph of the model's {count} layers, from input to output"
GRAPH_WORDS = {
    "convolution": "convolution",
    "normalization": "normalization",
    "activation": "activation",
    "pooling": "pooling",
    "merge": "merge",
    "dense": "dense",
    "other": "other",
    "flat": "flat",
}
TABLE_ALT = "Table of all layers with output shape, parameters and receptive field"
TOTALS = ("Parameters", "MACs per image", "Memory (weights + activations)", "Layers")
COLUMNS = {
    "layer": "Layer",
    "kind": "Type",
    "output": "Output shape",
    "parameters": "Parameters",
    "macs": "MACs",
    "field": "Receptive field",
    "stride": "Effective stride",
}
COLUMN_HELP = {
    "field": "Rows × columns of the image that one output value can depend on",
    "stride": "Pixels of the image between neighboring output values",
    "macs": "Multiply-accumulate operations per image",
}
