"""Channel card: feature map, kernel, pattern, strongest patch, statistics and effect of one channel."""

from __future__ import annotations

from math import prod

import numpy as np
import streamlit as st

from cnnviz import activations, filters, images
from cnnviz.activations import ChannelStatistics
from cnnviz.dashboard import cache, components, language, panels, patterns, state
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import activations as texts
from cnnviz.errors import LayerError
from cnnviz.finite_check import first_not_finite
from cnnviz.layers import LayerInfo, find_layer, layers

_WEIGHT_PIXELS = 8  # a weight's side on the sheet of kernels, so that the gaps between kernels stay thin
_KEEPS_CHANNELS = (
    "BatchNormalization",
    "ReLU",
    "Activation",
    "Softmax",
    "LeakyReLU",
    "ELU",
    "PReLU",
    "Dropout",
    "Identity",
)


def choose_channel(label: str, count: int, first: int = 0) -> int:
    """Draw the number of the channel, or of the filter that makes it; `first` until one is chosen."""
    state.validate_choice(state.CHANNEL, range(count), first)
    return int(st.number_input(label, 0, count - 1, key=state.CHANNEL, persist_state="session"))


def show_card(
    selection: Selection, info: LayerInfo, *, maps: np.ndarray, statistics: ChannelStatistics, channel: int
) -> None:
    """Draw everything about one channel of the selected layer.

    Args:
        selection: What is being looked at.
        info: The layer.
        maps: `(rows, columns, channels)` of the selected image.
        statistics: Of those maps.
        channel: The channel.
    """
    _show_map(selection, info, maps[..., channel], channel)
    _show_statistics(statistics, channel)
    _show_effect(selection, info, channel)
    patch, kernel = st.columns(2)
    with patch:
        _show_patch(selection, info, maps, channel)
    with kernel:
        show_kernel(selection, info, channel)
    patterns.show_one(selection, info, channel)


def _show_map(selection: Selection, info: LayerInfo, values: np.ndarray, channel: int) -> None:
    low, high = images.value_range(values)
    components.map_view(
        selection.received,
        values,
        key="card_map",
        title=texts.CHANNEL_NAME.format(channel=channel, maximum=f"{high:.3g}"),
        alt=texts.CARD_MAP_ALT.format(channel=channel, layer=info.address, maximum=f"{high:.3g}"),
        unit=texts.UNIT,
        table=images.lookup_table("viridis"),
        low=min(low, 0.0),
        high=high,
        opacity=st.session_state.get("card_opacity", 0.9),
        is_sharp=True,
    )
    st.slider(texts.OPACITY, 0.0, 1.0, 0.9, 0.05, key="card_opacity", persist_state="session")


def _show_statistics(statistics: ChannelStatistics, channel: int) -> None:
    values = (
        f"{statistics.mean[channel]:.3g}",
        f"{statistics.maximum[channel]:.3g}",
        components.percent(float(statistics.zero_share[channel])),
    )
    st.markdown(" · ".join(f"{name} **{value}**" for name, value in zip(texts.STATISTICS, values, strict=True)))


def _show_effect(selection: Selection, info: LayerInfo, channel: int) -> None:
    if not selection.convnet.class_names or first_not_finite(selection.convnet):
        return
    class_index = cache.class_index(selection)
    try:
        effect = cache.channel_effect(selection, info.address, class_index)[channel]
    except LayerError as error:  # no gradient of the score reaches the layer
        st.caption(panels.plain(language.say(error.sentence)))
        return
    unit = language.say(selection.convnet.score_unit)
    name = panels.plain(language.class_names(selection.convnet.class_names)[class_index])
    st.markdown(texts.EFFECT.format(name=name, effect=f"{effect:+.3g}", unit=unit), help=texts.EFFECT_HELP)


def _show_patch(selection: Selection, info: LayerInfo, maps: np.ndarray, channel: int) -> None:
    st.caption(texts.PATCH)
    size = selection.convnet.preparation.size
    try:
        left, top, right, bottom = activations.strongest_patch(info, maps, channel=channel, size=size)
    except LayerError as error:  # a silent channel is strongest nowhere
        st.caption(panels.plain(language.say(error.sentence)))
        return
    patch = selection.received[top:bottom, left:right]
    components.image(patch, key="patch", alt=texts.PATCH_ALT)


def show_kernel(selection: Selection, info: LayerInfo, channel: int) -> None:
    """Draw the weights of one filter; a sentence where the layer has none."""
    st.caption(texts.KERNEL)
    source = find_layer(selection.convnet, convolution_of(selection, info))
    try:
        kernel = filters.kernels(selection.convnet, source.address)[..., channel]
    except LayerError:
        inputs = source.macs // prod(source.output_shape)  # of a dense layer; other layers without kernels have none
        st.caption(texts.NO_WINDOW.format(count=inputs) if inputs else texts.NO_KERNEL)
        return
    image, said = _kernel_image(kernel)
    components.image(image, key="kernel", alt=texts.KERNEL_ALT.format(channel=channel))
    st.caption(said)


def _kernel_image(kernel: np.ndarray) -> tuple[np.ndarray, str]:
    """Draw one filter's weights `(rows, columns, inputs)`; return the image and how to read it."""
    peak = float(np.max(np.abs(kernel), where=np.isfinite(kernel), initial=0.0)) or 1.0
    unit = (kernel / peak + 1) / 2
    if kernel.shape[-1] == 3:
        image = np.round(255 * np.nan_to_num(unit, posinf=1, neginf=0)).astype(np.uint8)
        image[~np.isfinite(unit).all(axis=-1)] = images.NOT_A_NUMBER
        return image, texts.KERNEL_RGB
    colored = images.color(np.moveaxis(unit, -1, 0), "PuOr")
    if kernel.shape[-1] == 1:
        return colored[0], texts.KERNEL_ONE
    colored = colored.repeat(_WEIGHT_PIXELS, axis=1).repeat(_WEIGHT_PIXELS, axis=2)
    side = int(np.ceil(np.sqrt(len(colored))))
    return images.contact_sheet(colored, columns=side, gap=1), texts.KERNEL_MANY.format(count=kernel.shape[-1])


def convolution_of(selection: Selection, info: LayerInfo) -> str:
    """Walk back from a normalization or activation to the layer whose filters its channels are."""
    by_address = {other.address: other for other in layers(selection.convnet)}
    while info.kind in _KEEPS_CHANNELS and len(info.inputs) == 1 and info.inputs[0] in by_address:
        info = by_address[info.inputs[0]]
    return info.address
