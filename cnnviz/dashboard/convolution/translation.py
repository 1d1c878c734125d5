"""Translation view: feature maps and predictions when the image is translated, rotated or scaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from cnnviz import figures, images, probes
from cnnviz.convolution.translation import Move, move, relative_difference, stays_inside
from cnnviz.dashboard import cache, channel_card, components, language, panels, state
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.components import percent, score
from cnnviz.dashboard.convolution import baselines, export, translation_by_layer
from cnnviz.dashboard.convolution.transformed import choose_move, moved, waited_for
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.figures import convolution as charts
from cnnviz.layers import LayerInfo, default_layer, find_layer, map_layers

_SHOWN_CLASSES = 5
_SWEPT = 25  # positions
_FIRST_STRIDE = 2  # pixels: a map that is coarser than the image shows what a step is


def show(selection: Selection) -> None:
    """Draw the choice of a part, and the part."""
    _PARTS[panels.choose_one(texts.TRANSLATED_PART, texts.TRANSLATED_PARTS, key=state.TOPIC, in_url=True)](selection)


def _show_maps(selection: Selection) -> None:
    """Draw the moved image, its map beside the moved map, and what the model says."""
    info = _layer(selection)
    by = choose_move(selection)
    after = moved(selection, by)
    if not _is_ready(selection, after, info.address):
        return
    before_maps, after_maps = (cache.feature_maps(one, info.address) for one in (selection, after))
    image, own, along, numbers = st.columns([3, 3, 3, 2], gap="medium")
    with numbers:
        channel = channel_card.choose_channel(
            texts.TRANSLATED_CHANNEL, info.filters, int(before_maps.std(axis=(0, 1)).argmax())
        )
        along_maps = move(before_maps, by, stride=info.stride)
        _show_numbers(info, by, before=before_maps, after=after_maps, along=along_maps)
    with image:
        _show_image(after.received, texts.TRANSLATED_IMAGE, key="moved image")
    expected, found = along_maps[..., channel], after_maps[..., channel]
    low, high = min(expected.min(), found.min()), max(expected.max(), found.max())
    for column, shown_map, title in ((own, found, texts.TRANSLATED_OWN), (along, expected, texts.TRANSLATED_ALONG)):
        with column:
            shown = images.color(images.to_unit(shown_map, low=float(low), high=float(high)))
            _show_image(shown, title, key=title)
    if selection.convnet.class_names:
        _show_scores(selection, after, by)
    maps = {"before": before_maps, "after": after_maps, "along": along_maps}
    export.moved(selection, info.address, by, info.stride, maps=maps, channel=channel)


def _is_ready(before: Selection, after: Selection, layer: str) -> bool:
    """Whether maps and scores are there; of a large model they are computed beside the page."""

    def work(job: Job | None) -> bool:
        for number, selection in enumerate((before, after)):
            if job is not None:
                job.step(number, 2)
            cache.feature_maps(selection, layer)
            if selection.convnet.class_names:
                cache.probabilities(selection)
        return True

    key = f"moved {after.convnet.fingerprint} {after.image} {layer}"
    return bool(waited_for(key, work, after, runs=2, label=texts.TRANSLATED_LABEL, progress=texts.TRANSLATED_MOVING))


def _layer(selection: Selection) -> LayerInfo:
    """The selected layer if it has maps, else the first that is coarser than the image, else the usual one."""
    if selection.layer:
        info = find_layer(selection.convnet, selection.layer)
        if info.has_maps:
            return info
    coarse = [info for info in map_layers(selection.convnet) if info.stride[0] >= _FIRST_STRIDE]
    found = next((info for info in coarse if info.category in ("activation", "pooling")), None)
    return found or find_layer(selection.convnet, default_layer(selection.convnet))


def _show_image(photo: np.ndarray, title: str, *, key: str) -> None:
    st.markdown(f"**{panels.plain(title)}**")
    components.image(images.rgb(photo), key=key, alt=title)


def _show_numbers(info: LayerInfo, by: Move, *, before: np.ndarray, after: np.ndarray, along: np.ndarray) -> None:
    """Say how far the map moved, and how much of what changed is explained by that."""
    where = stays_inside(before.shape, by, stride=info.stride)
    followed = relative_difference(after, along, where=where)
    st.metric(
        texts.TRANSLATED_STILL,
        percent(relative_difference(after, before, where=where)),
        help=texts.TRANSLATED_DIFFERENCE,
    )
    st.metric(texts.TRANSLATED_FOLLOWED, percent(followed), help=texts.TRANSLATED_DIFFERENCE)
    steps = {"right": by.right / info.stride[1], "down": by.down / info.stride[0]}
    st.caption(
        texts.TRANSLATED_STEPS.format(
            layer=panels.plain(info.address), stride=info.stride[1], shape=figures.shape_text(info.output_shape),
            **{name: f"{count:.3g}" for name, count in steps.items()},
        )
    )  # fmt: skip


def _show_scores(before: Selection, after: Selection, by: Move) -> None:
    """Draw the best classes of before, and how the answer hangs on the shift."""
    old, new = cache.probabilities(before), cache.probabilities(after)
    order = list(dict.fromkeys([*np.argsort(-old, kind="stable")[:_SHOWN_CLASSES].tolist(), int(new.argmax())]))
    names = {index: language.class_name(before.convnet.class_names[index]) for index in order}
    bars, sweep = st.columns(2, gap="large")
    with bars:
        was, said = int(old.argmax()), int(new.argmax())
        text = texts.TRANSLATED_STAYS if was == said else texts.TRANSLATED_FLIPS
        shares = {"before": score(before.convnet, float(old[was])), "after": score(before.convnet, float(new[said]))}
        st.markdown(text.format(was=panels.plain(names[was]), said=panels.plain(names[said]), **shares))
        panels.chart(
            charts.paired_bars(
                [names[index] for index in order],
                {texts.TRANSLATED_BEFORE: old[order].tolist(), texts.TRANSLATED_AFTER: new[order].tolist()},
            ),
            key="moved scores", alt=texts.TRANSLATED_SCORES_ALT,
        )  # fmt: skip
    with sweep:
        _show_sweep(before, by, was)


def _show_sweep(selection: Selection, by: Move, class_index: int) -> None:
    """Draw the class's probability for shifts from the left to the right, all else as it is."""
    width = selection.convnet.preparation.size[1]
    shifts = np.unique(np.linspace(-width // 2, width // 2, _SWEPT).round())
    name = language.class_name(selection.convnet.class_names[class_index])
    key = f"{selection.convnet.fingerprint} {selection.image} {replace(by, right=0)}"
    found = waited_for(
        f"sweep {key}", lambda job: _swept(key, selection, by, shifts, job), selection, runs=len(shifts),
        label=texts.TRANSLATED_SWEEP_LABEL, progress=texts.TRANSLATED_SWEEPING,
    )  # fmt: skip
    if found is None:
        return
    st.markdown(texts.TRANSLATED_SWEEP.format(name=panels.plain(name)))
    panels.chart(
        charts.curves(
            shifts, {name: found[:, class_index].tolist()}, mark=by.right, across=texts.TRANSLATED_SLIDERS["right"],
            up=texts.TRANSLATED_SHARE, is_share=True,
        ),
        key="moved sweep", alt=texts.TRANSLATED_SWEEP_ALT.format(name=name),
    )  # fmt: skip


@kept()
def _swept(key: str, _selection: Selection, _by: Move, _shifts: np.ndarray, _job: Job | None = None) -> np.ndarray:
    """Probabilities at every shift: `(shifts, classes)`; one image at a time where it can be cancelled."""
    found = []
    for number, shift in enumerate(_shifts.tolist()):
        if _job is not None:
            _job.step(number, len(_shifts))
        inputs = moved(_selection, replace(_by, right=shift)).inputs
        with cache.compute(_selection.convnet):
            found.append(probes.predict(_selection.convnet, inputs)[0])
    return np.stack(found)


_PARTS: Mapping[str, Callable[[Selection], None]] = {
    "maps": _show_maps,
    "layers": translation_by_layer.show,
    "rivals": baselines.show,
}
