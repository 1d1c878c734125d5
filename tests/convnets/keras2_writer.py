"""Writes model files with Keras 2 (`tf_keras`), and what it answers. Run in a process of its own:

python keras2_writer.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

layers, backend, rng = keras.layers, keras.backend, np.random.default_rng(0)
SHAPE = (16, 16, 3)


def base():
    image = x = keras.Input(SHAPE)
    for index in range(3):
        x = layers.Conv2D(4 + index, 3, padding="same", name=f"conv{index}")(x)
        x = layers.BatchNormalization(name=f"bn{index}")(x)
        x = layers.ReLU(6.0)(x)
    return keras.Model(image, x, name="base")


def transfer(preprocess):
    """A partly frozen base behind augmentation and operations of TensorFlow."""
    inner = base()
    inner.trainable = False
    for layer in inner.layers[4:]:
        layer.trainable = True
    augmentation = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.2), layers.RandomZoom(0.1)]
    augmentation += [layers.RandomHeight(0.2), layers.RandomWidth(0.2), layers.RandomContrast(0.1)]
    image = keras.Input(SHAPE)
    x = inner(preprocess(keras.Sequential(augmentation, name="augmentation")(image)), training=False)
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def half_frozen():
    inner = base()
    for layer in inner.layers[:4]:
        layer.trainable = False
    image = keras.Input(SHAPE)
    return keras.Model(image, layers.Dense(2)(layers.Flatten()(inner(image))))


def compiled():
    """Optimizer's weights outside, a loss of one's own inside."""

    def own_loss(truth, guess):
        return backend.mean(truth - guess)

    inner = base()
    inner.compile("adam", own_loss)
    image = keras.Input(SHAPE)
    model = keras.Model(image, layers.Dense(2, "softmax")(layers.GlobalMaxPooling2D()(inner(image))))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(rng.random((4, *SHAPE)), np.array([0, 1, 0, 1]), verbose=0)
    return model


def operations():
    """One output a kind of operation."""
    image = keras.Input(SHAPE)
    x = tf.cast(image, tf.float32) / 127.5 - 1.0
    y = 2.0 * x + [0.1, 0.2, 0.3]
    squares = tf.reshape(x, (tf.shape(x)[0], -1, 3))
    outputs = [
        tf.nn.relu(x[..., ::-1]), x[:, 1:5, 2:, 0], x[:, tf.newaxis, -1], tf.concat([x, y], axis=-1),
        tf.reduce_mean(x, axis=[1, 2]), tf.reduce_max(y, axis=-1, keepdims=True), tf.image.resize(image, (5, 7)),
        tf.image.resize(x, (8, 8), method="nearest"), *tf.split(x, [1, 2], axis=-1), *tf.unstack(y, axis=-1),
        tf.stack([x, y], axis=1), tf.expand_dims(x, 1), tf.squeeze(x[:, :1], axis=1), squares,
        tf.transpose(x, [0, 2, 1, 3]), tf.pad(x, [[0, 0], [1, 1], [2, 0], [0, 0]], "REFLECT"),
        tf.clip_by_value(x, -0.2, 0.7), tf.nn.softmax(x), tf.nn.gelu(x), tf.nn.relu6(9 * x), tf.nn.silu(x),
        tf.nn.leaky_relu(x), keras.activations.hard_sigmoid(3 * x), tf.math.l2_normalize(x, -1), tf.nn.lrn(x),
        tf.matmul(x[:, 0], x[:, 1], transpose_b=True), tf.where(x > 0.5, x, -x), backend.batch_flatten(x),
        tf.image.per_image_standardization(x), tf.gather(x, [2, 0], axis=-1), tf.math.squared_difference(x, y),
        tf.image.rgb_to_grayscale(x), tf.norm(x, axis=-1), tf.nn.avg_pool2d(x, 3, 2, "SAME"), tf.add_n([x, x, y]),
    ]  # fmt: skip
    return keras.Model(image, outputs)


def layer_zoo():
    """Keys that have gone or moved, and layers that have gone."""
    adapted = layers.Normalization()
    adapted.adapt(rng.random((4, *SHAPE)) * 3)
    image = keras.Input(SHAPE)
    x = layers.Rescaling([0.1, 0.2, 0.3], [1, 2, 3])(adapted(image))
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[0.4, 0.5, 0.6])(x)
    x = layers.RandomCrop(12, 14)(layers.CenterCrop(14, 15)(x))
    x = layers.SeparableConv2D(6, 3, depth_multiplier=2, activation="hard_sigmoid", name="a/b")(x)
    x = layers.DepthwiseConv2D(3, activation=layers.LeakyReLU(0.2), name="a_b")(x)
    x = layers.Conv2DTranspose(4, 3, activation=tf.nn.relu6)(x)
    x = layers.BatchNormalization(axis=[3])(layers.LeakyReLU(0.1)(layers.ThresholdedReLU(0.2)(x)))
    x = layers.LayerNormalization(axis=[2, 3])(layers.SpatialDropout2D(0.2)(x))
    tokens = layers.Reshape((-1, 4))(x)
    tokens = layers.Add()([tokens, layers.MultiHeadAttention(2, 3)(tokens, tokens)])
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(tokens)
    return keras.Model(image, {"sequence": layers.GRU(2)(y), "maps": layers.PReLU(shared_axes=[1, 2])(x)})


def shared():
    """One layer and one inner model, each called twice."""
    image, inner = keras.Input(SHAPE), base()
    conv = layers.Conv2D(3, 3, padding="same", activation="hard_sigmoid")
    x = conv(conv(image))
    return keras.Model(image, [layers.Subtract()([inner(x), inner(x / 2.0)]), tf.nn.relu(x - 0.5)])


def sequential():
    inner = [layers.Rescaling(1 / 255.0), layers.Conv2D(3, 3, activation="swish"), layers.BatchNormalization()]
    inner = [keras.Input(SHAPE), *inner]
    outer = keras.Sequential([keras.Input(SHAPE), keras.Sequential(inner), layers.MaxPooling2D()])
    return keras.Sequential([keras.Input(SHAPE), outer, layers.Flatten(), layers.Dense(3, "softmax")])


def float16():
    keras.mixed_precision.set_global_policy("mixed_float16")
    image = keras.Input(SHAPE)
    x = layers.BatchNormalization()(layers.Conv2D(4, 3)(layers.Rescaling(1 / 255.0)(image)))
    x = layers.Dense(3)(layers.Flatten()(layers.ReLU()(x) * 2.0))
    model = keras.Model(image, layers.Activation("softmax", dtype="float32")(x))
    keras.mixed_precision.set_global_policy("float32")
    return model


def mobilenet():
    return keras.applications.MobileNetV3Small((32, 32, 3), weights=None, classes=3)


MODELS = {
    "transfer_tf": lambda: transfer(keras.applications.mobilenet.preprocess_input),
    "transfer_torch": lambda: transfer(keras.applications.densenet.preprocess_input),
    "transfer_caffe": lambda: transfer(keras.applications.resnet50.preprocess_input),
    "half_frozen": half_frozen,
    "compiled": compiled,
    "operations": operations,
    "layer_zoo": layer_zoo,
    "shared": shared,
    "sequential": sequential,
    "float16": float16,
    "mobilenet": mobilenet,
}


def stir(model):
    """Give every weight a value of its own, as training would."""
    for weight in model.weights:
        value = weight.numpy()
        is_adapted = weight.name in ("mean:0", "variance:0")  # Normalization holds copies of them
        if value.dtype.kind == "f" and not is_adapted:
            low, high = (0.5, 1.5) if "variance" in weight.name or "gamma" in weight.name else (-0.1, 0.1)
            start = 0 if low > 0 else value
            weight.assign((start + rng.uniform(low, high, value.shape)).astype(value.dtype))


def main(folder):
    keras.utils.set_random_seed(0)
    for name, make in MODELS.items():
        backend.clear_session()
        model = make()
        stir(model)
        inputs = (255 * rng.random((2, *model.input_shape[1:]))).astype("float32")
        outputs = tf.nest.flatten(model.predict(inputs, verbose=0))
        np.savez(folder / f"{name}.npz", inputs=inputs, **{str(index): value for index, value in enumerate(outputs)})
        for suffix in ("h5", "keras"):
            try:
                model.save(folder / f"{name}.{suffix}")
            except TypeError as error:  # Keras 2 cannot write an Ellipsis into a .keras file
                assert "Ellipsis" in str(error), error
                (folder / f"{name}.{suffix}").unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
