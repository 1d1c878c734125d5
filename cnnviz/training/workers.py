"""Agreement of distributed workers on the recipe, the data and the last finished epoch.

Each of several machines keeps a run's folder of its own. One that was killed may have missed the last checkpoint, or
all of them; before a run goes on, every worker takes over that of the one which is furthest behind.
"""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.datasets import Dataset
from cnnviz.errors import RunError
from cnnviz.training import checkpoint
from cnnviz.training.recipe import Recipe

if TYPE_CHECKING:
    import tensorflow as tf

_MOST_WAITING = 600.0  # seconds for a person to start the command on every machine
_LOOK_SECONDS = 0.5
_DIGEST_BYTES = 6  # enough to see that two differ, and their sum is still exact


def wait_for_all(addresses: Sequence[str], index: int, *, on_wait: Callable[[], None]) -> None:
    """Wait until every worker listens: TensorFlow, once it waits itself, hears no signal and no request to stop.

    Args:
        addresses: `host:port` of every worker.
        index: Which of them this one is; it listens meanwhile where TensorFlow will.
        on_wait: Called again and again; what it raises ends the waiting.

    Raises:
        RunError: If this one cannot listen, or another one does not come.
    """
    missing = [address for number, address in enumerate(addresses) if number != index]
    end = time.monotonic() + _MOST_WAITING
    try:
        server = socket.create_server(("", int(addresses[index].rpartition(":")[2])))
    except OSError as error:
        raise RunError(
            "Cannot listen on {address} ({reason}). Choose another port.",
            address=addresses[index],
            reason=error.strerror,
        ) from error
    with server:
        while missing := [address for address in missing if not _answers(address)]:
            if time.monotonic() > end:
                raise RunError(
                    "Worker {worker} did not connect. Start the same command there, then resume this run.",
                    worker=missing[0],
                )
            on_wait()
            time.sleep(_LOOK_SECONDS)


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_LOOK_SECONDS).close()
    except OSError:
        return False
    return True


def require_agreement(strategy: tf.distribute.Strategy, recipe: Recipe, dataset: Dataset) -> None:
    """Look whether all workers train the same on the same images; paths may differ from machine to machine.

    Raises:
        RunError: If one of them differs; on every worker.
    """
    settings = recipe.to_json()
    for name in ("data", "transfer"):
        settings.pop(name)
    labels = [part.labels.tolist() for part in (dataset.train, dataset.validation)]
    for what, facts in (("recipe", settings), ("images", [dataset.class_names, labels])):
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()
        if len(set(of_all(strategy, int.from_bytes(digest[:_DIGEST_BYTES])))) > 1:
            raise RunError(
                "The workers do not have the same {what}. Give each of them the same command and data.", what=what
            )


def take_over(strategy: tf.distribute.Strategy, folder: Path) -> None:
    """Bring this worker's checkpoints to the state of the worker that is furthest behind."""
    kept = checkpoint.newest(folder)
    epochs = of_all(strategy, checkpoint.epoch_of(kept) if kept else 0)
    if len(set(epochs)) == 1:
        return
    source, data = int(np.argmin(epochs)), np.frombuffer(kept.read_bytes() if kept else b"", np.uint8)
    size = of_all(strategy, len(data))[source]
    is_source = strategy.cluster_resolver.task_id == source
    received = _sum(strategy, data if is_source else np.zeros(size, np.uint8))
    checkpoint.replace_all(folder, epochs[source], received.tobytes())


def of_all(strategy: tf.distribute.Strategy, number: int) -> list[int]:
    """A number of every worker, in their order; all must ask at the same time, and wait for each other."""
    place = int(strategy.cluster_resolver.task_id)
    count = len(strategy.cluster_resolver.cluster_spec().as_dict()["worker"])
    return [int(one) for one in _sum(strategy, np.eye(count, dtype=np.int64)[place] * number)]


def _sum(strategy: tf.distribute.Strategy, values: np.ndarray) -> np.ndarray:
    """Add up arrays of the same shape, one a worker; every worker has the sum."""
    here = strategy.num_replicas_in_sync // len(strategy.cluster_resolver.cluster_spec().as_dict()["worker"])
    return (_adding(strategy)(values.astype(np.int64)).numpy() // here).astype(values.dtype)


@lru_cache(maxsize=1)
def _adding(strategy: tf.distribute.Strategy) -> Callable[[np.ndarray], tf.Tensor]:
    """Compile the sum over replicas, for workers ask each other twice a second."""
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def add(values: tf.Tensor) -> tf.Tensor:
        return strategy.reduce("SUM", strategy.run(tf.identity, args=(values,)), axis=None)

    return lambda values: add(tf.constant(values))
