"""Compilation of TensorFlow graph functions that are traced once, for one signature."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any


def compile_once(function: Callable[..., Any], signature: Sequence[Any]) -> Any:
    """Make a graph function that is traced once, for one signature.

    TensorFlow counts traces by a function's source, and warns of the fifth model whose own closure is traced as if one
    function were traced again and again. A partial has no source: each is counted by itself.

    Args:
        function: What is traced, in plain Python that TensorFlow need not rewrite.
        signature: A `tf.TensorSpec`, or a nest of them, for each argument.

    Returns:
        The `tf.function`; its `python_function` runs eagerly.
    """
    import tensorflow as tf

    return tf.function(functools.partial(function), input_signature=signature, autograph=False)
