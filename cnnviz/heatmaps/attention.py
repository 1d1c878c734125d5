"""Attention maps and attention rollout of vision transformers, on the grid of patches.

The weights are the model's own, `return_attention_scores=True` of its attention layers.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cnnviz.capture import call_model, capture, find, walk, without_call_number
from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError
from cnnviz.grids import Grid
from cnnviz.layers import LayerInfo, find_layer, layers


def attention_layers(convnet: Convnet) -> tuple[LayerInfo, ...]:
    """List the attention layers whose tokens are patches of the image, in the order in which they run."""
    return tuple(info for info in layers(convnet) if info.is_attention and info.grid and info.value_grid)


def attention(convnet: Convnet, inputs: np.ndarray, *, layer: str | None = None) -> np.ndarray:
    """Return how much each token of a layer attends to each other one, for every head.

        weights[head, query, key] = softmax over keys of (q[query] . k[key] / sqrt(size of a head))

    Masks, and whatever else the layer does before its softmax, are part of it.

    Args:
        convnet: Model; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of an attention layer of Keras, or of one that takes `return_attention_scores`; the last one
            if not given.

    Returns:
        `(batch, heads, queries, keys)` float32, 0..1; each row of keys sums to one. Tokens are in the layer's own
        order, a class token included.

    Raises:
        LayerError: If the layer does not exist, or is no attention layer.

    Note:
        Attention is not explanation: it says which tokens are read, not what is made of them, and other weights
        often give the same answer (Jain and Wallace, 2019).

    Example:
        >>> attention(convnet, inputs, layer="block12/mha").shape
        (1, 12, 197, 197)

    Reference:
        Vaswani et al., "Attention Is All You Need", 2017, eq. 1. https://arxiv.org/abs/1706.03762
        Jain and Wallace, "Attention is not Explanation", NAACL 2019. https://arxiv.org/abs/1902.10186
    """
    return _weights(convnet, inputs, [_chosen(convnet, layer).address])[0]


def attention_maps(
    convnet: Convnet, inputs: np.ndarray, *, layer: str | None = None, query: tuple[int, int] | None = None
) -> np.ndarray:
    """Map where a token of an attention layer looks, for every head.

    Args:
        convnet: Model; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of an attention layer; the last one if not given.
        query: Row and column of the patch that looks; if not given the class token, or the mean over all patches
            where there is none.

    Returns:
        `(batch, heads, rows, columns)` float32, 0..1, on the grid of the patches that are looked at. A map sums to
        one, less what goes to a class token.

    Raises:
        LayerError: If the layer does not exist, is no attention layer, or has no such patch.

    Note:
        See `attention`. Large weights often lie on patches of plain background, which then serve as storage
        (Darcet et al., 2024).

    Example:
        >>> attention_maps(convnet, inputs, query=(3, 4)).shape
        (1, 12, 14, 14)

    Reference:
        Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", ICCV 2021, fig. 1.
        Darcet et al., "Vision Transformers Need Registers", ICLR 2024. https://arxiv.org/abs/2309.16588
    """
    info = _chosen(convnet, layer)
    queries, keys = _grids(info)
    weights = _weights(convnet, inputs, [info.address])[0]
    return _looking(weights, queries, keys, query, address=info.address)


def attention_rollout(convnet: Convnet, inputs: np.ndarray, *, class_index: int | None = None) -> np.ndarray:
    """Map which patches reach the class token through all blocks, if attention were all that moves them.

    Each block hands on half of a token itself, by its skip connection, and half of what it attends to:

        A[block] = 0.5 * mean over heads of weights + 0.5 * identity
        rollout  = A[last] @ ... @ A[first]

    The map is the class token's row; where there is none, the mean over the patches' rows, as they are pooled.

    Args:
        convnet: Model; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        class_index: Without effect, since attention is the same for all classes; as other methods take it.

    Returns:
        `(batch, rows, columns)` float32, >= 0, the grid of patches; shares that sum to one, less the class token's.

    Raises:
        LayerError: If there are no attention layers, or they do not all lie on one grid.

    Note:
        It knows neither the class nor what values and dense layers make of a patch: it shows what could be
        read, and looks much the same for every class.

    Example:
        >>> attention_rollout(convnet, inputs).shape
        (1, 14, 14)

    Reference:
        Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020, eq. 1. https://arxiv.org/abs/2005.00928
    """
    infos = attention_layers(convnet)
    _require_any(convnet, infos)
    grid = infos[-1].grid
    if any(info.grid != info.value_grid or _tokens(info.grid) != _tokens(grid) for info in infos) or grid is None:
        raise LayerError(
            "The attention of {name} does not stay on one grid of patches, so it cannot be rolled out. "
            "Look at its layers one by one.",
            name=convnet.name,
        )
    rolled: np.ndarray | None = None
    for weights in _weights(convnet, inputs, [info.address for info in infos]):
        mixed = weights.mean(axis=1)  # (batch, queries, keys)
        mixed = 0.5 * mixed + 0.5 * np.eye(mixed.shape[-1], dtype=np.float32)
        mixed = mixed / mixed.sum(axis=-1, keepdims=True)
        rolled = mixed if rolled is None else np.einsum("bqk,bkp->bqp", mixed, rolled)
    assert rolled is not None  # there is a layer
    return _looking(rolled[:, None], grid, grid, None, address=infos[-1].address)[:, 0]


def _looking(
    weights: np.ndarray, queries: Grid, keys: Grid, query: tuple[int, int] | None, *, address: str
) -> np.ndarray:
    """Rows of the weights that belong to a query, on the grid of the keys."""
    if query is not None:
        row, column = query
        if not (0 <= row < queries.rows and 0 <= column < queries.columns):
            raise LayerError(
                "Layer {address!r} has no patch in row {row}, column {column}. Its grid is {rows} x {columns}.",
                address=address, row=row, column=column, rows=queries.rows, columns=queries.columns,
            )  # fmt: skip
        chosen = weights[:, :, queries.before + row * queries.columns + column]
    elif queries.before:
        chosen = weights[:, :, 0]
    else:
        chosen = weights[:, :, queries.before : queries.before + queries.cells].mean(axis=2)
    cells = chosen[..., keys.before : keys.before + keys.cells]
    return np.ascontiguousarray(cells.reshape(*cells.shape[:2], keys.rows, keys.columns), np.float32)


def _chosen(convnet: Convnet, address: str | None) -> LayerInfo:
    """The asked-for attention layer, or the last one."""
    infos = attention_layers(convnet)
    if address is None:
        _require_any(convnet, infos)
        return infos[-1]
    info = find_layer(convnet, address)
    if info.is_attention:
        return info
    raise LayerError(
        "Layer {address!r} is not an attention layer. Attention layers: {known}",
        address=address,
        known=", ".join(info.address for info in infos) or "none.",
    )


def _require_any(convnet: Convnet, infos: Sequence[LayerInfo]) -> None:
    if not infos:
        raise LayerError(
            "{name} has no attention layer whose tokens are patches of the image. Choose a vision transformer.",
            name=convnet.name,
        )


def _grids(info: LayerInfo) -> tuple[Grid, Grid]:
    if info.grid is None or info.value_grid is None:
        raise LayerError(
            "The tokens of layer {address!r} are not patches of the image. Its weights can be read, not drawn.",
            address=info.address,
        )
    return info.grid, info.value_grid


def _tokens(grid: Grid | None) -> tuple[int, ...]:
    return (grid.rows, grid.columns, grid.before, grid.after) if grid else ()


def _weights(convnet: Convnet, inputs: np.ndarray, addresses: Sequence[str]) -> list[np.ndarray]:
    """Run the model once and note the attention of some layers."""
    with _noted(convnet, addresses) as found:
        call_model(convnet.model, np.ascontiguousarray(inputs, np.float32))
    weights = [np.asarray(found[address], np.float32) for address in addresses]
    return [one if one.ndim == 4 else one[:, None] for one in weights]  # Attention has no heads


@contextlib.contextmanager
def _noted(convnet: Convnet, addresses: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Ask some layers for their attention when this thread runs the model; leave the model as it was found."""
    known = walk(convnet.model)
    names = dict.fromkeys(without_call_number(address) for address in addresses)
    found: dict[str, Any] = {}
    with capture(convnet.model, ()), contextlib.ExitStack() as undo:  # nobody else changes layers meanwhile
        for name in names:
            _ask(find(known, name), name, found, undo)
        yield found


def _ask(layer: Any, name: str, found: dict[str, Any], undo: contextlib.ExitStack) -> None:
    original, thread = layer.call, threading.get_ident()
    count = 0

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        if threading.get_ident() != thread:
            return original(*args, **kwargs)
        output, scores = original(*args, **{**kwargs, "return_attention_scores": True})
        found[f"{name}@{count}" if count else name] = scores
        count += 1
        return (output, scores) if kwargs.get("return_attention_scores") else output

    for part in (layer, *walk(layer).values()):  # its softmax is built when it is first asked
        undo.callback(_restore, part, dict(vars(part)))
    object.__setattr__(layer, "call", call)  # past Keras's tracking


def _restore(layer: Any, before: dict[str, Any]) -> None:
    """Put attributes back: the call, and what the layer notes of having been asked."""
    for name in set(vars(layer)) - set(before):
        object.__delattr__(layer, name)
    for name, value in before.items():
        if vars(layer).get(name) is not value:
            object.__setattr__(layer, name, value)
