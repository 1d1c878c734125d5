"""Texts of the Overview page."""

TITLE = "Overview"
QUESTION = "What is this network, and what does it say about this picture?"
WHAT = """
**Left**, the picture exactly as the network receives it: fitted, resized, and scaled to the numbers beside it.
**Right**, the network's answer. A high percentage says that no *other* class fits better, not that the thing is there:
a network without a class for it must still answer.

**Below**, every layer in the order in which it runs. Height is resolution, size is the number of channels, arcs are
connections that skip layers. Click a layer to select it on every page.
"""
RECEIVED = "As the network receives it"
RECEIVED_ALT = "The picture as the network receives it, {height} by {width} pixels"
AUDIT = "{height} × {width} × {channels} · {fit} · numbers {low} to {high}, mean {mean}"
ANSWER = "What it says"
ANSWER_HELP = "Click a class to follow it on every page."
SCORES = "Raw scores of the model: no probabilities. Click a class to follow it on every page."
NUMBERS = "Numbers, as the model returns them: a regression has no classes. Click one to follow it on every page."
NUMBER = "A number, as the model returns it: a regression has no classes."
SCORE = "A raw score, as the model returns it: neither a probability nor a class."
GRAPH = "Architecture"
GRAPH_ALT = "Graph of the network's {count} layers from picture to answer"
GRAPH_WORDS = {
    "convolution": "convolution",
    "normalisation": "normalisation",
    "activation": "activation",
    "pooling": "pooling",
    "merge": "merge",
    "dense": "dense",
    "other": "other",
    "flat": "flat",
}
TABLE_ALT = "Table of all layers with output shape, parameters and receptive field"
TOTALS = ("Parameters", "Multiply-adds a picture", "Memory, weights and maps", "Layers")
COLUMNS = {
    "layer": "Layer",
    "kind": "Kind",
    "output": "Output",
    "parameters": "Parameters",
    "macs": "Multiply-adds",
    "field": "Sees",
    "stride": "Step",
}
COLUMN_HELP = {
    "field": "Receptive field: rows × columns of the picture that one value can depend on",
    "stride": "Pixels of the picture between neighbouring values",
    "macs": "Multiply-accumulates for one picture",
}
