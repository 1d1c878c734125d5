"""Plotly figures and Vega-Lite specs from arrays, layers and histories; nothing is computed here."""

from cnnviz.figures.mistakes import clickable_confusion
from cnnviz.figures.models import architecture, histograms, shape_text, vector
from cnnviz.figures.runs import balance, confusion, curves_spec, learning_curves

__all__ = [
    "architecture",
    "balance",
    "clickable_confusion",
    "confusion",
    "curves_spec",
    "histograms",
    "learning_curves",
    "shape_text",
    "vector",
]
