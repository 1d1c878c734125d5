"""A random model together with its reference: Keras's own outputs, and a layer-by-layer run under a gradient tape."""

import random
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf
from ends import BY_VALUES, ENDS, as_it_is, log, log_odds
from random_models import Net, Spec, build_model, main_head, program_of


@dataclass(frozen=True, eq=False)
class Run:
    """A layer-by-layer run of a model.

    Attributes:
        main: `(batch, units)` float32, the outputs of the main head.
        logits: `(batch, classes)`, the scores that are explained.
        outputs: Address to what the call returned.
        tape: What happened in between.
    """

    main: tf.Tensor
    logits: tf.Tensor
    outputs: dict
    tape: tf.GradientTape

    def gradients(self, classes):
        """Address to the derivative of each image's class's logit by the output, None where nothing flows back."""
        floats = {address: output for address, output in self.outputs.items() if output.dtype.is_floating}
        chosen = tf.one_hot(classes, self.logits.shape[1])
        found = self.tape.gradient(self.logits, list(floats.values()), output_gradients=chosen)
        return dict.fromkeys(self.outputs) | dict(zip(floats, found, strict=True))


@dataclass(frozen=True, eq=False)
class Built:
    """A model of a spec, and its reference."""

    spec: Spec
    model: keras.Model
    net: Net
    head: int
    found: dict

    @property
    def end(self):
        return ENDS[self.spec.end]

    @property
    def kind(self):
        """What `Convnet.outputs` should be."""
        return self.end.kind

    @property
    def says_nothing(self):
        """Whether values would have to tell what the outputs are, but are the same for all images: dead units."""
        return self.spec.end in BY_VALUES and np.ptp(self.outputs, axis=0).max() < 1e-4

    @cached_property
    def images(self):
        """Two noise images in the range that the model's entry expects."""
        noise = np.random.default_rng(self.spec.seed + 1).uniform(0, 1, (2, *self.spec.size, self.spec.channels))
        return (np.floor(256 * noise) if self.spec.takes_pixels else noise).astype(np.float32)

    @cached_property
    def outputs(self):
        """What Keras returns for the images: the main head, float32."""
        outputs = keras.tree.flatten(self.model(self.images, training=False))
        return keras.ops.convert_to_numpy(keras.ops.cast(outputs[self.head], "float32"))

    @cached_property
    def run(self):
        """Run the model layer by layer on the images."""
        net = self.net
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            net.tape, net.outputs = tape, {}
            try:
                outputs = keras.tree.flatten(program_of(self.spec)(net, tf.cast(self.images, self.spec.dtype)))
            finally:
                net.tape = None
            main = tf.cast(outputs[self.head], tf.float32)
            logits = self._logits(main)
            if self.kind == "sigmoid":
                logits = tf.concat([-logits, logits], axis=1)
        return Run(main, logits, net.outputs, tape)

    def _logits(self, main):
        """Scores that are explained, by the closed form of this model's end."""
        if self.spec.nesting == "flipped_and_averaged":
            return {"softmax": log, "sigmoid": log_odds, "independent": log_odds}.get(self.kind, as_it_is)(None, main)
        net, prefix = self.net, "whole/" if "whole/units" in self.net.outputs else ""
        linear = net.outputs.get(f"{prefix}linear")
        scores = net.layers.get(f"{prefix}scores")
        if linear is None and hasattr(scores, "kernel"):
            units = net.outputs[f"{prefix}units"]
            linear = tf.matmul(units, tf.cast(scores.kernel, units.dtype))
            linear = linear + tf.cast(scores.bias, units.dtype) if scores.use_bias else linear
        z = None if linear is None else tf.reshape(tf.cast(linear, tf.float32), (main.shape[0], -1))
        return self.end.logits(z, main)


def build(spec):
    """Build the model of a spec."""
    model, net = build_model(spec)
    return Built(spec, model, net, main_head(spec), state(model))


def state(model):
    """All that could be changed in a model, and beside it."""
    everything = list(model._flatten_layers())
    try:
        config = str(keras.saving.serialize_keras_object(model))
    except Exception:  # noqa: BLE001  # a custom model has none
        config = ""
    return {
        "variables": [variable.numpy().tobytes() for variable in model.variables],
        "trainable": [layer.trainable for layer in everything],
        "attributes": [sorted(set(vars(layer)) - {"_called"}) for layer in everything],
        "nodes": [(len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in everything],
        "configuration": config,
        "NumPy": np.random.get_state()[1].tobytes(),
        "Python": random.getstate(),
        "dtype policy": keras.config.dtype_policy().name,
    }
