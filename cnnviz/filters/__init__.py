"""Feature visualization: patterns that excite each filter, and the kernels themselves."""

from cnnviz.filters.ascent import STYLES
from cnnviz.filters.frames import Frame
from cnnviz.filters.kernels import WeightHistograms, kernels, weight_histograms
from cnnviz.filters.pattern import Pattern, Request, Status
from cnnviz.filters.patterns import ascend, estimate, filter_count, filter_patterns, find_patterns
from cnnviz.filters.store import PatternStore
from cnnviz.filters.style import Style, StyleName

__all__ = [
    "STYLES",
    "Frame",
    "Pattern",
    "PatternStore",
    "Request",
    "Status",
    "Style",
    "StyleName",
    "WeightHistograms",
    "ascend",
    "estimate",
    "filter_count",
    "filter_patterns",
    "find_patterns",
    "kernels",
    "weight_histograms",
]
