"""Is a stack read as it was written, by hand or by a link?"""

import numpy as np
import pytest

from cnnviz.convolution.notation import read_stack, write_stack
from cnnviz.convolution.stack import Block, stack
from cnnviz.errors import LayerError


def test_a_line_typed_by_hand_is_lenet_5():
    shape, blocks = read_stack("28x28x1, conv5x6same, pool2, conv5x16, pool2, flatten, dense120, dense84, dense10")
    assert shape == (28, 28, 1)
    assert blocks[0] == Block("convolution", 5, padding="same", filters=6)
    assert blocks[1] == Block("pooling", 2, 2)
    assert sum(layer.parameters for layer in stack(shape, blocks)) == 61_706  # LeCun et al., 1998, with full maps


def random_block(rng):
    kind = rng.choice(["convolution", "depthwise", "pooling", "flatten", "global-pooling", "dense"])
    filters = int(rng.integers(1, 600)) if kind in ("convolution", "dense") else 1
    has_bias = bool(rng.integers(2)) if kind != "pooling" else True
    if kind in ("flatten", "global-pooling"):
        return Block(kind)
    if kind == "dense":
        return Block(kind, filters=filters, has_bias=has_bias)
    kernel, stride, dilation = (int(number) for number in rng.integers(1, 12, 3))
    padding = ["valid", "same", int(rng.integers(0, 9))][rng.integers(3)]
    return Block(kind, kernel, stride, padding, dilation, filters, has_bias)


@pytest.mark.parametrize("seed", range(50))
def test_what_is_written_is_read_again(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(side) for side in rng.integers(1, 1000, 3))
    blocks = tuple(random_block(rng) for _ in range(8))
    assert read_stack(write_stack(shape, blocks)) == (shape, blocks)


def test_what_is_usual_is_not_written():
    blocks = (Block("convolution", 3, filters=32), Block("pooling", 2, 2), Block("pooling", 3, 1))
    assert write_stack((8, 8, 3), blocks) == "8x8x3,conv3x32,pool2,pool3s1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a stack"),
        ("conv3x32", "is not a stack"),
        ("8x8x3,conv3", "'conv3' is not a layer"),
        ("8x8x3,pool2x4", "'pool2x4' is not a layer"),
        ("8x8x3,dense", "'dense' is not a layer"),
        ("8x8x3,flattennobias", "'flattennobias' is not a layer"),
        ("8x8x3,flatten3", "'flatten3' is not a layer"),
        ("8x8x3,conv3x32d2s2", "is not a layer"),
        ("8x8x3,conv0x32", "zero or too large"),
        ("0x8x3", "zero or too large"),
        ("8x9999x3", "zero or too large"),
        ("8x8x3" + ",pool1" * 41, "at most 40 layers"),
    ],
)
def test_what_cannot_be_read_is_named(text, said):
    with pytest.raises(LayerError, match=said):
        read_stack(text)
