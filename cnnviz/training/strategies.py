"""Distributed training with `tf.distribute`: several GPUs, or several machines.

Every replica has the same weights, sees its own part of each batch, and applies the mean of all gradients. Batch and
learning rate grow with the replicas, so that an epoch means the same.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz import private_keras
from cnnviz.datasets import Dataset, ahead
from cnnviz.errors import RunError
from cnnviz.sentences import Sentence
from cnnviz.training.recipe import Recipe
from cnnviz.training.workers import of_all, require_agreement, take_over, wait_for_all

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

STRATEGIES = ("none", "mirrored", "multi-worker")
"""Those that can be carried out."""

_REFUSED = {
    "parameter-server": Sentence("Keras 3 does not train with a parameter server. Choose mirrored or multi-worker."),
    "tpu": Sentence(
        "TensorFlow finds no TPU here, and this build has no TPU support. Choose mirrored or multi-worker."
    ),
}
_CLUSTER = "TF_CONFIG"
_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True, eq=False)
class Sharing:
    """How a run's work is shared.

    Attributes:
        strategy: TensorFlow's; None where nothing is shared.
        has_workers: Whether other processes take part.
    """

    strategy: tf.distribute.Strategy | None = None
    has_workers: bool = False

    @property
    def replicas(self) -> int:
        """How many see a part of each batch."""
        return int(self.strategy.num_replicas_in_sync) if self.strategy else 1

    def scope(self) -> AbstractContextManager[Any]:
        """Models and optimizers that are made inside belong to all replicas."""
        return self.strategy.scope() if self.strategy else nullcontext()

    def agree(self, recipe: Recipe, dataset: Dataset, *, checkpoints: Path) -> None:
        """Of several machines, see that all begin the same.

        Raises:
            RunError: If they cannot.
        """
        if self.strategy and self.has_workers:
            require_agreement(self.strategy, recipe, dataset)
            take_over(self.strategy, checkpoints)

    def hear(self, *, is_asked: bool, patience: int) -> tuple[bool, int]:
        """Ask all workers whether one of them shall stop: they stop together, or the others would wait for it in vain.

        Args:
            is_asked: Whether this one was asked to.
            patience: Steps after which this one wants to ask again.

        Returns:
            Whether to stop, and the steps until the next question; the same on every worker that asks with this one.
        """
        if not (self.strategy and self.has_workers):
            return is_asked, patience
        heard = of_all(self.strategy, 2 * patience + is_asked)
        return any(one % 2 for one in heard), min(one // 2 for one in heard)

    def stream(self, batches: tf.data.Dataset) -> tf.data.Dataset | tf.distribute.DistributedDataset:
        """Cut each batch into one part a replica."""
        return _parts(self.strategy, batches) if self.strategy else batches

    def validation(self, batches: tf.data.Dataset) -> dict[str, Any]:
        """Name what `fit` wants to know of the validation images; it cannot count batches in parts."""
        if not self.strategy:
            return {"validation_data": batches}
        return {"validation_data": self.stream(batches.repeat()), "validation_steps": int(batches.cardinality())}

    def prepare(self, model: keras.Model, batches: tf.data.Dataset) -> None:
        """Make a model, just compiled, ready for streams in parts."""
        if self.strategy:
            _prepare(self.strategy, model, batches)


def share(name: str, *, on_wait: Callable[[], None] = lambda: None) -> Sharing:
    """Begin to share work; of several machines, each waits here for the others.

    Args:
        name: A strategy.
        on_wait: Called again and again while others are waited for; what it raises ends the waiting.

    Raises:
        RunError: If it cannot be shared so, with what to use instead; if a worker does not come.
    """
    if name == "none":
        return Sharing()
    check(name)
    import tensorflow as tf

    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return Sharing(tf.distribute.MirroredStrategy([device.name for device in devices]))
    wait_for_all(*_cluster(os.environ[_CLUSTER]), on_wait=on_wait)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    _listen_again()
    return Sharing(strategy, has_workers=True)


def _listen_again() -> None:
    """Take SIGTERM back, which TensorFlow's coordination service keeps to itself."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


def check(name: str, *, cluster: str | None = None) -> None:
    """Look whether work can be shared so, before anything is started.

    Args:
        name: A strategy.
        cluster: What `$TF_CONFIG` says; read from there if not given.

    Raises:
        RunError: If it cannot.
    """
    if name in _REFUSED:
        raise RunError(_REFUSED[name])
    if name not in STRATEGIES:
        raise RunError("There is no strategy {name!r}. There are: {known}.", name=name, known=", ".join(STRATEGIES))
    if name == "multi-worker":
        _cluster(os.environ.get(_CLUSTER, "") if cluster is None else cluster)


def _cluster(text: str) -> tuple[list[str], int]:
    """Read the addresses of all workers, and which of them is this one."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        found = json.loads(text)
        addresses, index = found["cluster"]["worker"], found["task"]["index"]
        ports = [int(address.rpartition(":")[2]) for address in addresses]
        if 0 <= index < len(ports) > 1:
            return addresses, index
    raise RunError(
        "multi-worker needs ${variable} on every machine, each with its own index: {example}",
        variable=_CLUSTER,
        example=_EXAMPLE,
    )


def is_led(name: str) -> bool:
    """Whether another process leads a run, which waits for its turn on behalf of all."""
    return name == "multi-worker" and _cluster(os.environ.get(_CLUSTER, ""))[1] > 0


def shared_recipe(recipe: Recipe, dataset: Dataset, *, replicas: int) -> Recipe:
    """Let the batch grow with the replicas, and then a little more or less.

    The last batch of an epoch must have something for each replica: one without an image would have a loss of 0 / 0.

    Raises:
        RunError: If there are fewer images than replicas.
    """
    if replicas == 1:
        return recipe
    counts = (len(dataset.train), len(dataset.validation))
    wanted = recipe.batch_size * replicas
    sizes = range(replicas, max(wanted, *counts) + replicas, replicas)
    for size in sorted(sizes, key=lambda size: abs(size - wanted)):
        if all(count % size == 0 or count % size >= replicas for count in counts):
            return replace(recipe, batch_size=size)
    raise RunError(
        "{count} images are too few for {replicas} replicas. Use more images.",
        count=min(counts),
        replicas=replicas,
    )


def _parts(strategy: tf.distribute.Strategy, batches: tf.data.Dataset) -> tf.distribute.DistributedDataset:
    import tensorflow as tf

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        count = context.num_replicas_in_sync
        here = count // context.num_input_pipelines
        first = context.input_pipeline_id * here

        def part(number: tf.Tensor, batch: Any) -> Any:
            def cut(values: tf.Tensor) -> tf.Tensor:
                size = tf.shape(values, tf.int64)[0]
                return values[size * number // count : size * (number + 1) // count]

            return tf.nest.map_structure(cut, batch)

        def of_batch(*batch: tf.Tensor) -> tf.data.Dataset:
            return tf.data.Dataset.range(first, first + here).map(lambda number: part(number, batch))

        return ahead(batches.flat_map(of_batch))

    return strategy.distribute_datasets_from_function(of_worker)


def _prepare(strategy: tf.distribute.Strategy, model: keras.Model, batches: tf.data.Dataset) -> None:
    """Do what Keras's own `fit` does wrongly where workers are on several machines.

    It builds its metrics from a batch of values of replicas, which has no shape there, and takes the mean of each
    result over an axis that numbers do not have. https://github.com/keras-team/keras/issues/20585
    """
    private_keras.build_for_fitting(model, next(iter(batches)))
    model.train_function = _on_replicas(strategy, model.train_step)
    model.test_function = _on_replicas(strategy, model.test_step)


def _on_replicas(strategy: tf.distribute.Strategy, step: Callable[[Any], Any]) -> Callable[[Any], Mapping[str, Any]]:
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def run(batch: Any) -> Mapping[str, Any]:
        results = strategy.run(step, args=(batch,))
        return {name: strategy.reduce("MEAN", value, axis=None) for name, value in results.items()}

    return lambda iterator: run(next(iterator))
