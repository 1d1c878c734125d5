"""Spatial axes inside a model: which layers lie on the image's grid, and tokens put back on it.

`trace_axes` follows rows and columns through a traced graph, `grid_of` tells whether a tensor's axes are them, and
`to_grid` turns what a layer gives into `(batch, rows, columns, channels)`. `axes` holds the algebra of axes,
`operations` what single operations do to them, `tracing` the way through the graph.
"""

from cnnviz.grids.axes import Grid, grid_of, to_grid
from cnnviz.grids.operations import Known
from cnnviz.grids.tracing import reach_of_scores, trace_axes

__all__ = ["Grid", "Known", "grid_of", "reach_of_scores", "to_grid", "trace_axes"]
