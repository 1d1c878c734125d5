"""Layers affected by NaN or infinite weights."""

from __future__ import annotations

from cnnviz.capture import walk, without_call_number
from cnnviz.convnets import Convnet
from cnnviz.convnets.finite_weights import count_in_weight
from cnnviz.errors import LayerError
from cnnviz.layers import find_layer, layers
from cnnviz.sentences import Sentence


def first_not_finite(convnet: Convnet) -> str | None:
    """Find the first layer, in the order in which they run, that holds a NaN or infinite weight.

    What the layers before it return is sound. At it and behind it nothing is, whatever it looks like: max pooling
    of NaN gives about -1e38 on a CPU, a ReLU may give 0. "Behind" is the order of the calls, so a branch that
    runs later and does not read the broken layer counts as well.

    Args:
        convnet: Model; it is only read.

    Returns:
        Its address; None for a sound model. The first layer within a container whose own weight is broken, and
        of the model for a weight that no listed layer holds: nobody knows when those are used. Kept with the
        convnet.
    """
    found: str | None = convnet.keep(("first not finite",), lambda: _first_not_finite(convnet))
    return found


def is_sound(convnet: Convnet, address: str) -> bool:
    """Tell whether a layer runs before the first one with a broken weight; see `first_not_finite`.

    Raises:
        LayerError: If there is no layer at that address.
    """
    broken = first_not_finite(convnet)
    if broken is None:
        return True
    order = [info.address for info in layers(convnet)]
    return order.index(find_layer(convnet, address).address) < order.index(broken)


def require_sound(convnet: Convnet, address: str | None = None) -> None:
    """Refuse what depends on weights that are NaN or infinite: a layer's output, the class scores if none is given.

    Raises:
        LayerError: If it does, or there is no layer at that address.
    """
    broken = first_not_finite(convnet)
    if broken is None or (address is not None and is_sound(convnet, address)):
        return
    what = Sentence("The class scores depend")
    if address is not None:
        what = Sentence("The output of {address!r} depends", address=address)
    raise LayerError(
        "{what} on weights of {broken!r} that are NaN or infinite. "
        "Look at the layers that run before {broken!r}, or choose another model.",
        what=what,
        broken=broken,
    )


def _first_not_finite(convnet: Convnet) -> str | None:
    broken = [weight for weight in convnet.model.weights if count_in_weight(weight)]
    if not broken:
        return None
    by_address, order = walk(convnet.model), [info.address for info in layers(convnet)]
    holders: dict[int, str] = {}
    for address in order:
        for weight in by_address[without_call_number(address)].weights:
            holders.setdefault(id(weight), address)
    folders = {f"{holders.get(id(weight), '')}/".lstrip("/") for weight in broken}
    return next(address for address in order if any(f"{address}/".startswith(folder) for folder in folders))
