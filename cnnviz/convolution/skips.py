"""Skip connections: feature maps through untrained residual blocks, with and without the connection."""

from __future__ import annotations

import numpy as np

from cnnviz.convolution.arithmetic import cross_correlate, relu

KERNEL = 3


def block_weights(channels: int, *, blocks: int, seed: int = 0) -> np.ndarray:
    """Draw the kernels of blocks of two convolutions, as Keras draws them unless told otherwise.

    Args:
        channels: Channels of the maps, before and after each convolution.
        blocks: How many blocks.
        seed: Of the numbers.

    Returns:
        `(blocks, 2, 3, 3, channels, channels)` float32, uniform within `sqrt(6 / (fan_in + fan_out))`.

    Reference:
        Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
        eq. 16.
    """
    fan = KERNEL**2 * channels
    limit = np.sqrt(6 / (fan + fan))
    shape = (blocks, 2, KERNEL, KERNEL, channels, channels)
    return np.random.default_rng(seed).uniform(-limit, limit, shape).astype(np.float32)


def through_blocks(maps: np.ndarray, weights: np.ndarray, *, has_skip: bool) -> np.ndarray:
    """Send maps through blocks of two convolutions.

        F(x)   = conv2(relu(conv1(x)))
        output = F(x) + x    with the skip connection, else F(x)

    There is no activation behind the sum, so that what the skip connection carries is carried unchanged.

    Args:
        maps: `(rows, columns, channels)`, float.
        weights: From `block_weights`; padding keeps the size, else F(x) and x could not be added.
        has_skip: Whether x is added.

    Returns:
        `(blocks + 1, rows, columns, channels)` float32: the maps, then what each block made of them.

    Note:
        Weights are random here. A trained model without skip connections may well pass its image on; what is
        shown is why a deep one is hard to start.

    Reference:
        He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, eq. 1. https://arxiv.org/abs/1512.03385
        He et al., "Identity Mappings in Deep Residual Models", ECCV 2016. https://arxiv.org/abs/1603.05027
    """
    passed = [np.asarray(maps, np.float32)]
    for first, second in weights:
        added = cross_correlate(relu(cross_correlate(passed[-1], first, padding="same")), second, padding="same")
        passed.append(added + passed[-1] if has_skip else added)
    return np.stack(passed)


def likeness(maps: np.ndarray, other: np.ndarray) -> float:
    """How much of one image can be seen in another: their correlation, channel by channel from its own mean.

    Args:
        maps: `(rows, columns, channels)`, float.
        other: Same shape.

    Returns:
        -1..1; 1 is the same image up to its scale, 0 nothing in common, also where one of them is plain.
    """
    one, two = (array - array.mean(axis=(0, 1)) for array in (maps, other))
    norm = np.linalg.norm(one) * np.linalg.norm(two)
    return float((one * two).sum() / norm) if norm > 0 else 0.0
