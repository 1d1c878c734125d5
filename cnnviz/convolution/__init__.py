"""Convolution step by step: arithmetic, output sizes, receptive fields, units of real models, translation.

Maps are those of one image, `(rows, columns, channels)`; kernels are `(rows, columns, in_channels, filters)`. Every
rule is that of Keras on TensorFlow, and is tested against it.
"""

from cnnviz.convolution.arithmetic import (
    SoftmaxFormula,
    convolve,
    cross_correlate,
    cross_correlate_1d,
    depthwise,
    flipped,
    relu,
    sigmoid,
    softmax,
    softmax_formula,
)
from cnnviz.convolution.baselines import DenseBaseline, PooledHead, fit_dense_baseline, fit_pooled
from cnnviz.convolution.layer_runs import LayerRun, run_layer
from cnnviz.convolution.notation import read_stack, write_stack
from cnnviz.convolution.outputs import OutputValue, explain_output, explain_pooling
from cnnviz.convolution.pooling import average_pool, global_average_pool, max_pool
from cnnviz.convolution.presets import PRESETS, combine_edges, for_each_channel
from cnnviz.convolution.quiz import Question, brightest, draw_window, likeliest, questions
from cnnviz.convolution.reach import reached_units, unit_box
from cnnviz.convolution.sizes import FieldFormula, Padding, SizeFormula, size_formula
from cnnviz.convolution.skips import block_weights, likeness, through_blocks
from cnnviz.convolution.stack import Block, StackedLayer, stack
from cnnviz.convolution.translation import Move, move, relative_difference, stays_inside
from cnnviz.convolution.units import Unit, explain_unit, unit_of
from cnnviz.convolution.weight_randomization import cascade, randomized, rank_correlation, weighted_layers
from cnnviz.convolution.windows import size_formulas

__all__ = [
    "PRESETS",
    "Block",
    "DenseBaseline",
    "FieldFormula",
    "LayerRun",
    "Move",
    "OutputValue",
    "Padding",
    "PooledHead",
    "Question",
    "SizeFormula",
    "SoftmaxFormula",
    "StackedLayer",
    "Unit",
    "average_pool",
    "block_weights",
    "brightest",
    "cascade",
    "combine_edges",
    "convolve",
    "cross_correlate",
    "cross_correlate_1d",
    "depthwise",
    "draw_window",
    "explain_output",
    "explain_pooling",
    "explain_unit",
    "fit_dense_baseline",
    "fit_pooled",
    "flipped",
    "for_each_channel",
    "global_average_pool",
    "likeliest",
    "likeness",
    "max_pool",
    "move",
    "questions",
    "randomized",
    "rank_correlation",
    "reached_units",
    "read_stack",
    "relative_difference",
    "relu",
    "run_layer",
    "sigmoid",
    "size_formula",
    "size_formulas",
    "softmax",
    "softmax_formula",
    "stack",
    "stays_inside",
    "through_blocks",
    "unit_box",
    "unit_of",
    "weighted_layers",
    "write_stack",
]
