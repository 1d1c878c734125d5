"""Status of a run in words: state, epoch, remaining time and speed."""

from __future__ import annotations

from cnnviz.dashboard import components, panels
from cnnviz.dashboard.texts import training as texts
from cnnviz.runs import Run, State
from cnnviz.runs.folder import STOP


def state_of(run: Run) -> State:
    """Where it stands, or that it was asked to stop, which the trainer sees within seconds."""
    return "stopping" if run.status.is_active and (run.path / STOP).exists() else run.status.state


def said(run: Run) -> str:
    """Say where it stands, and what it does just now."""
    status = run.status
    parts = [texts.STATES[state_of(run)]]
    if status.is_active and status.doing:
        epoch = texts.EPOCH_OF.format(epoch=min(status.epoch + 1, status.epochs), epochs=status.epochs)
        parts.append(texts.DOING.get(status.doing, status.doing) or epoch)
    return " · ".join(parts)


def said_with_time(run: Run) -> str:
    """Say that, and how long it will take."""
    seconds = run.status.seconds_left
    left = [] if seconds is None else [texts.LEFT.format(left=panels.duration(seconds))]
    return " · ".join([said(run), *left])


def pace(run: Run) -> str:
    """Say how quick it is, and how the epoch goes so far."""
    status, batch = run.status, int(run.recipe.get("batch_size", 1))
    parts = []
    if status.epoch and status.seconds:
        rate = status.epoch * status.steps * batch / status.seconds
        seconds = f"{status.seconds / status.epoch:.3g}"
        parts.append(texts.RATE_NOW.format(images=f"{rate:,.0f}", seconds=seconds))
    if status.step and {"loss", "accuracy"} <= set(status.metrics):
        loss, accuracy = f"{status.metrics['loss']:.3g}", components.percent(status.metrics["accuracy"])
        parts.append(texts.SO_FAR.format(loss=loss, accuracy=accuracy))
    return " · ".join(parts) or texts.NO_PACE
