"""Blocks of random models: each takes feature maps `(batch, rows, columns, channels)` and returns such maps.

A block is `block(net, x, name)`. It calls layers only through `net(name, make, x)`, so that the same code builds
the model on symbolic tensors and, on images, runs it layer by layer as the reference.
"""

import keras
from custom_layers import ConvBlock, Decorated
from keras import layers, ops

MAX_SIDE, MAX_CHANNELS = 24, 8


def _kernel(x, size=3):
    """A valid window must fit the map."""
    return min(size, x.shape[1], x.shape[2])


def _simple(make):
    """A block of one layer, made for the maps it gets."""
    return lambda net, x, name: net(name, lambda: make(x, name), x)


def _conv(net, x, name, filters=3, **options):
    return net(name, lambda: layers.Conv2D(filters, 3, padding="same", name=name, **options), x)


def _after_conv(make):
    """A convolution and one layer behind it, as an activation or a normalization stands in a model."""

    def block(net, x, name):
        x = _conv(net, x, f"{name}_conv", 4)
        return net(name, lambda: make(x, name), x)

    return block


def _merge(kind):
    def block(net, x, name):
        pair = [_conv(net, x, f"{name}_a", activation="relu"), _conv(net, x, f"{name}_b")]
        return net(name, lambda: getattr(layers, kind)(name=name), pair)

    return block


def residual(net, x, name):
    y = _conv(net, x, f"{name}_conv", x.shape[-1], activation="relu")
    return net(name, lambda: layers.Add(name=name), [x, y])


def dropout_beside(net, x, name):
    """Dropout hands on its input, which is read past it as well."""
    x = _conv(net, x, f"{name}_conv", activation="relu")
    y = net(f"{name}_dropout", lambda: layers.Dropout(0.5, name=f"{name}_dropout"), x)
    return net(name, lambda: layers.Concatenate(name=name), [x, y])


def squeeze_excite(net, x, name):
    x = _conv(net, x, f"{name}_conv", 4, activation="relu")
    gate = net(f"{name}_pool", lambda: layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_pool"), x)
    gate = net(f"{name}_gate", lambda: layers.Dense(4, activation="sigmoid", name=f"{name}_gate"), gate)
    return net(name, lambda: layers.Multiply(name=name), [x, gate])


def grouped(net, x, name):
    x = net(f"{name}_mix", lambda: layers.Conv2D(4, 1, name=f"{name}_mix"), x)
    return _conv(net, x, name, 4, groups=2, activation="relu")


def rows_through_dense(net, x, name):
    rows, columns, channels = x.shape[1:]
    x = net(f"{name}_rows", lambda: layers.Reshape((rows * columns, channels), name=f"{name}_rows"), x)
    x = net(f"{name}_dense", lambda: layers.Dense(3, activation="relu", name=f"{name}_dense"), x)
    return net(name, lambda: layers.Reshape((rows, columns, 3), name=name), x)


def lstm_over_rows(net, x, name):
    rows, columns, channels = x.shape[1:]
    x = net(f"{name}_in", lambda: layers.Reshape((rows, columns * channels), name=f"{name}_in"), x)
    x = net(f"{name}_lstm", lambda: _both_ways(columns, f"{name}_lstm"), x)
    return net(name, lambda: layers.Reshape((rows, columns, 2), name=name), x)


def _both_ways(units, name):
    return layers.Bidirectional(layers.LSTM(units, return_sequences=True), name=name)


def conv_lstm(net, x, name):
    rows, columns, channels = x.shape[1:]
    x = net(f"{name}_in", lambda: layers.Reshape((1, rows, columns, channels), name=f"{name}_in"), x)
    return net(name, lambda: layers.ConvLSTM2D(2, 3, padding="same", name=name), x)


def attention(net, x, name):
    rows, columns, channels = x.shape[1:]
    x = net(f"{name}_in", lambda: layers.Reshape((rows * columns, channels), name=f"{name}_in"), x)
    x = net(f"{name}_mha", lambda: layers.MultiHeadAttention(2, 2, name=f"{name}_mha"), x, x)
    return net(name, lambda: layers.Reshape((rows, columns, channels), name=name), x)


def called_twice(net, x, name):
    def shared():
        return layers.Conv2D(x.shape[-1], 3, padding="same", activation="relu", name=name)

    return net(name, shared, net(name, shared, x))


def across_branches(net, x, name):
    def shared():
        return layers.Conv2D(3, 3, padding="same", name=f"{name}_shared")

    a = net(f"{name}_shared", shared, x)
    b = net(f"{name}_shared", shared, ops.flip(x, axis=2))
    return net(name, lambda: layers.Maximum(name=name), [a, b])


def small_model(net, x, name):
    """A functional model as a block."""
    return net.nest(name, lambda inner, y: _conv(inner, y, "conv", activation="relu"), x, kind="functional")


def small_sequential(net, x, name):
    return net.nest(name, lambda inner, y: _conv(inner, y, "conv", activation="swish"), x, kind="sequential")


def same_names(net, x, name):
    """Two nested models whose layers have the same names."""
    x = net.nest(f"{name}_1", lambda inner, y: _conv(inner, y, "conv", activation="relu"), x, kind="functional")
    return net.nest(f"{name}_2", lambda inner, y: _conv(inner, y, "conv"), x, kind="functional")


def model_called_twice(net, x, name):
    def body(inner, y):
        return _conv(inner, y, "conv", y.shape[-1], activation="relu")

    return net.nest(name, body, net.nest(name, body, x, kind="functional"), kind="functional")


def stop_gradient(net, x, name):
    return ops.stop_gradient(_conv(net, x, f"{name}_conv", activation="relu"))


def through_integers(net, x, name):
    y = _conv(net, x, f"{name}_conv", activation="relu")
    return ops.cast(ops.cast(y * 8, "int32"), x.dtype) / 8


def bypassed_stop(net, x, name):
    """Part of the gradient passes an obstacle by."""
    y = _conv(net, x, f"{name}_conv", 4, activation="relu")
    return ops.concatenate([ops.stop_gradient(y), y], axis=-1)


def _op(operation):
    """An operation of `keras.ops` between layers, behind a convolution."""
    return lambda net, x, name: operation(_conv(net, x, name, activation="relu"))


def _pad_and_cut(x):
    return ops.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]])[:, :, 1:]


BLOCKS = {
    "conv": _simple(lambda x, n: layers.Conv2D(3, 3, padding="same", activation="relu", name=n)),
    "conv_valid": _simple(lambda x, n: layers.Conv2D(3, _kernel(x), name=n)),
    "conv_stride": _simple(lambda x, n: layers.Conv2D(4, 3, strides=2, padding="same", activation="elu", name=n)),
    "conv_stride_valid": _simple(lambda x, n: layers.Conv2D(4, _kernel(x, 2), strides=2, name=n)),
    "conv_dilated": _simple(lambda x, n: layers.Conv2D(3, 3, dilation_rate=2, padding="same", name=n)),
    "conv_swish": _simple(lambda x, n: layers.Conv2D(3, (1, 3), padding="same", activation="swish", name=n)),
    "conv_gelu": _simple(lambda x, n: layers.Conv2D(3, (3, 1), padding="same", activation="gelu", name=n)),
    "conv_relu_layer": _simple(lambda x, n: layers.Conv2D(3, 1, activation=layers.LeakyReLU(0.2), name=n)),
    "depthwise": _simple(lambda x, n: layers.DepthwiseConv2D(3, padding="same", activation="relu", name=n)),
    "depthwise_2": _simple(lambda x, n: layers.DepthwiseConv2D(2, padding="same", depth_multiplier=2, name=n)),
    "separable": _simple(lambda x, n: layers.SeparableConv2D(3, 3, padding="same", activation="relu", name=n)),
    "transpose": _simple(lambda x, n: layers.Conv2DTranspose(3, 3, strides=2, padding="same", name=n)),
    "grouped": grouped,
    "leaky": _after_conv(lambda x, n: layers.LeakyReLU(name=n)),
    "prelu": _after_conv(lambda x, n: layers.PReLU(shared_axes=[1, 2], name=n)),
    "relu6": _after_conv(lambda x, n: layers.ReLU(6.0, name=n)),
    "elu": _after_conv(lambda x, n: layers.ELU(name=n)),
    "activation": _after_conv(lambda x, n: layers.Activation("tanh", name=n)),
    "softmax_maps": _after_conv(lambda x, n: layers.Softmax(name=n)),
    "max_pool": _simple(lambda x, n: layers.MaxPooling2D(2, padding="same", name=n)),
    "average_pool": _simple(lambda x, n: layers.AveragePooling2D(_kernel(x), strides=1, name=n)),
    "adaptive_pool": _simple(lambda x, n: layers.AdaptiveAveragePooling2D((4, 3), name=n)),
    "adaptive_max": _simple(lambda x, n: layers.AdaptiveMaxPooling2D(4, name=n)),
    "batch_norm": _after_conv(lambda x, n: layers.BatchNormalization(name=n)),
    "layer_norm": _after_conv(lambda x, n: layers.LayerNormalization(name=n)),
    "group_norm": _after_conv(lambda x, n: layers.GroupNormalization(2, name=n)),
    "unit_norm": _after_conv(lambda x, n: layers.UnitNormalization(name=n)),
    "rms_norm": _after_conv(lambda x, n: layers.RMSNormalization(name=n)),
    "upsample": _simple(lambda x, n: layers.UpSampling2D(2, name=n)),
    "upsample_bilinear": _simple(lambda x, n: layers.UpSampling2D((1, 2), interpolation="bilinear", name=n)),
    "zero_pad": _simple(lambda x, n: layers.ZeroPadding2D(((1, 0), (0, 2)), name=n)),
    "crop": _simple(lambda x, n: layers.Cropping2D(((0, 1), (0, 0)) if x.shape[1] > 2 else 0, name=n)),
    "center_crop": _simple(lambda x, n: layers.CenterCrop(min(4, x.shape[1]), min(5, x.shape[2]), name=n)),
    "resizing": _simple(lambda x, n: layers.Resizing(7, 6, name=n)),
    "rescaling": _simple(lambda x, n: layers.Rescaling(0.5, 0.1, name=n)),
    "normalization": _simple(lambda x, n: layers.Normalization(mean=0.2, variance=2.0, name=n)),
    "random_flip": _simple(lambda x, n: layers.RandomFlip(name=n)),
    "random_rotation": _simple(lambda x, n: layers.RandomRotation(0.2, name=n)),
    "random_zoom": _simple(lambda x, n: layers.RandomZoom(0.2, name=n)),
    "random_contrast": _simple(lambda x, n: layers.RandomContrast(0.5, value_range=(-5, 5), name=n)),
    "dropout": _simple(lambda x, n: layers.Dropout(0.5, name=n)),
    "spatial_dropout": _simple(lambda x, n: layers.SpatialDropout2D(0.5, name=n)),
    "gaussian_noise": _simple(lambda x, n: layers.GaussianNoise(1.0, name=n)),
    "activity": _simple(lambda x, n: layers.ActivityRegularization(l2=0.1, name=n)),
    "identity": _simple(lambda x, n: layers.Identity(name=n)),
    "concat": _merge("Concatenate"),
    "average": _merge("Average"),
    "maximum": _merge("Maximum"),
    "minimum": _merge("Minimum"),
    "subtract": _merge("Subtract"),
    "multiply": _merge("Multiply"),
    "residual": residual,
    "dropout_beside": dropout_beside,
    "squeeze_excite": squeeze_excite,
    "permute": _simple(lambda x, n: layers.Permute((2, 1, 3), name=n)),
    "rows_through_dense": rows_through_dense,
    "dense_maps": _simple(lambda x, n: layers.Dense(3, activation="relu", name=n)),
    "einsum": _simple(lambda x, n: layers.EinsumDense("bhwc,cd->bhwd", (*x.shape[1:3], 3), bias_axes="d", name=n)),
    "time_distributed": _simple(lambda x, n: layers.TimeDistributed(layers.Conv1D(3, 1), name=n)),
    "lstm_over_rows": lstm_over_rows,
    "conv_lstm": conv_lstm,
    "attention": attention,
    "called_twice": called_twice,
    "across_branches": across_branches,
    "spectral": _simple(lambda x, n: layers.SpectralNormalization(layers.Conv2D(3, 3, padding="same"), name=n)),
    "composite": _simple(lambda x, n: ConvBlock(name=n)),
    "decorated": _simple(lambda x, n: Decorated(name=n)),
    "small_model": small_model,
    "small_sequential": small_sequential,
    "same_names": same_names,
    "model_called_twice": model_called_twice,
    "stop_gradient": stop_gradient,
    "through_integers": through_integers,
    "bypassed_stop": bypassed_stop,
    "op_divide": _op(lambda x: x / 2.0),
    "op_minus_mean": _op(lambda x: x - ops.mean(x, axis=(1, 2), keepdims=True)),
    "op_reverse": _op(lambda x: x[..., ::-1]),
    "op_pad_and_cut": _op(_pad_and_cut),
    "op_concatenate": _op(lambda x: ops.concatenate([x, ops.flip(x, axis=1)], axis=-1)),
    "op_half": _op(lambda x: ops.cast(ops.cast(x, "float16"), x.dtype)),
    "op_relu": _op(lambda x: ops.relu(x - 0.1)),
    "op_resize": _op(lambda x: ops.image.resize(x, (5, 6))),
    "op_transpose": _op(lambda x: ops.transpose(x, (0, 2, 1, 3))),
    "op_clip": _op(lambda x: ops.clip(x, 0.0, 1.0)),
}
"""All blocks by name."""


def keep_small(x):
    """Keep maps and channels small, so that a chain of blocks that enlarge stays cheap; an operation, no layer."""
    rows, columns, channels = x.shape[1:]
    if rows > MAX_SIDE or columns > MAX_SIDE or channels > MAX_CHANNELS:
        return x[:, :MAX_SIDE, :MAX_SIDE, :MAX_CHANNELS]
    return x


assert keras.config.image_data_format() == "channels_last"
