"""Which charts are drawn? Plotly figures from arrays, layer lists and histories; nothing is computed here."""

from cnnviz.figures.networks import architecture, histograms, kind_of, shape_text, vector

__all__ = ["architecture", "histograms", "kind_of", "shape_text", "vector"]
