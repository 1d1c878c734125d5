"""Input pipelines (`tf.data`) whose shuffling is decided by the seed and the epoch alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviz.datasets.arrays import photos
from cnnviz.datasets.dataset import OnStep, Part
from cnnviz.images import Fit

if TYPE_CHECKING:
    import tensorflow as tf


def pipeline(
    part: Part,
    *,
    size: tuple[int, int],
    channels: int,
    batch_size: int,
    seed: int | None = None,
    first_epoch: int = 0,
    epochs: int | None = None,
    one_hot: bool = False,
    how: Fit = "crop",
    on_step: OnStep | None = None,
) -> tf.data.Dataset:
    """Feed labeled images to `fit` or `evaluate`.

    With a seed, epoch follows epoch without end, each in its own order:

        order of an epoch = random permutation keyed by (seed, epoch)

    so a run that resumes with `first_epoch=7` sees what an undisturbed one sees from epoch 7 on. No batch
    reaches into the next epoch: the last one of each is smaller where the batch size does not divide the
    number of images. Without a seed the images come once, in their order.

    Args:
        part: Labeled images; never augmented here.
        size: Rows and columns that the model wants.
        channels: 1 for gray, 3 for colors.
        batch_size: Images in a batch.
        seed: Shuffles every epoch.
        first_epoch: Number of the first epoch, counted from 0.
        epochs: How many; without end if not given, or one where there is no seed.
        one_hot: Give each label as a row of zeros with a one.
        how: How an image of another shape is fitted, see `images.fit`.
        on_step: Called with the images done and their number, when they are first decoded.

    Returns:
        Batches, prefetched: photos `(batch, rows, columns, channels)` float32 0..255, and labels `(batch,)`
        int32 or `(batch, classes)` float32. Where there is no end, `fit` needs
        `steps_per_epoch=ceil(len(part) / batch_size)`; it warns unless `shuffle=False`.

    Raises:
        DataError: If the fitted images would take more room than there is.
    """
    import tensorflow as tf

    pixels = photos(part, size=size, channels=channels, how=how, on_step=on_step)
    labels = tf.constant(part.labels, tf.int32)
    if one_hot:
        labels = tf.one_hot(labels, part.class_count)

    def batch(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # As quick as a tensor's own gather, without a copy in memory, and from a mapped file as well.
        chosen = tf.numpy_function(pixels.__getitem__, [indices], tf.uint8, stateful=False)
        chosen = tf.ensure_shape(chosen, (None, *pixels.shape[1:]))
        return tf.cast(chosen, tf.float32), tf.gather(labels, indices)

    order = batch_order(len(part), batch_size, seed=seed, first_epoch=first_epoch, epochs=epochs)
    return ahead(order.map(batch))


def ahead(stream: tf.data.Dataset) -> tf.data.Dataset:
    """Prepare the next two batches while one is learned from.

    By a fixed number: what TensorFlow tunes by itself stops for seconds, in long epochs for up to a minute, when its
    iterator goes and the tuning thread has just missed the notice.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return stream.prefetch(2).with_options(options)


def batch_order(
    count: int, batch_size: int, *, seed: int | None = None, first_epoch: int = 0, epochs: int | None = None
) -> tf.data.Dataset:
    """Give the indices of each batch `(batch,)` int32, epoch after epoch, in the order that `pipeline` follows."""
    import tensorflow as tf

    def one_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        indices = tf.range(count)
        if seed is not None:
            indices = tf.random.experimental.stateless_shuffle(
                indices, seed=[tf.cast(seed, tf.int64), epoch], alg="philox"
            )
        starts = tf.data.Dataset.range(0, count, batch_size)
        return starts.map(lambda start: indices[start : start + batch_size])

    epochs = 1 if seed is None and epochs is None else epochs
    end = np.iinfo(np.int64).max if epochs is None else first_epoch + epochs
    batches = tf.data.INFINITE_CARDINALITY if epochs is None else -(-count // batch_size) * epochs
    order = tf.data.Dataset.range(first_epoch, end).flat_map(one_epoch)
    return order.apply(tf.data.experimental.assert_cardinality(batches))  # Keras warns of what may run out
