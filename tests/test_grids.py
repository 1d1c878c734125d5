"""Which tensors are the image's rows and columns? Checked by values: which cells does a changed pixel change?"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from tiny_nets import randomize

from cnnviz.activations import display_tiles, feature_maps, tiles
from cnnviz.convnets import convnet_from_model
from cnnviz.grids import to_grid
from cnnviz.heatmaps import METHODS
from cnnviz.layers import default_layer, find_layer, layers, map_layers, require_maps

ops = keras.ops


class Do(kl.Layer):
    """A layer of one's own that does one thing."""

    def __init__(self, do, **options):
        super().__init__(**options)
        self.do = do

    def call(self, *inputs):
        return self.do(*inputs)


class ClassToken(kl.Layer):
    """Puts learned tokens around the others, as vision transformers do."""

    def __init__(self, before=1, after=0, **options):
        super().__init__(**options)
        self.before, self.after = before, after

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token", initializer="normal")

    def call(self, x):
        shape = ops.shape(x)
        tokens = [ops.broadcast_to(self.token, (shape[0], count, shape[2])) for count in (self.before, self.after)]
        return ops.concatenate([tokens[0], x, tokens[1]], axis=1)


def convnet_of(end, image, name="net"):
    return convnet_from_model(randomize(keras.Model(image, end, name=name)))


def block(x, number, heads=2, size=4):
    """A transformer's block, before-norm, as in ViT."""
    y = kl.LayerNormalization(name=f"norm{number}a")(x)
    x = kl.Add(name=f"add{number}a")([x, kl.MultiHeadAttention(heads, size, name=f"mha{number}")(y, y)])
    y = kl.Dense(x.shape[-1], activation="gelu", name=f"mlp{number}")(kl.LayerNormalization(name=f"norm{number}b")(x))
    return kl.Add(name=f"add{number}b")([x, y])


def transformer(before=0, after=0, blocks=2, head="mean", size=(16, 24), patch=4):
    image = keras.Input((*size, 3))
    x = kl.Conv2D(8, patch, patch, name="patches")(image)
    x = kl.Reshape((-1, 8), name="tokens")(x)
    if before or after:
        x = ClassToken(before, after, name="with_class")(x)
    x = Do(lambda x: x + ops.reshape(ops.sin(ops.arange(x.shape[1] * 8, dtype="float32")), (1, -1, 8)), name="place")(x)
    for number in range(1, blocks + 1):
        x = block(x, number)
    x = kl.LayerNormalization(name="norm")(x)
    x = kl.GlobalAveragePooling1D(name="mean")(x) if head == "mean" else Do(lambda x: x[:, 0], name="first")(x)
    return convnet_of(kl.Dense(3, activation="softmax", name="scores")(x), image)


def chain(*steps, size=(16, 24)):
    image = x = keras.Input((*size, 3))
    for step in steps:
        x = step(x)
    return convnet_of(x, image)


def conv(name, size=3, stride=1, filters=4, **options):
    return kl.Conv2D(filters, size, stride, name=name, **options)


def residual_attention():
    image = keras.Input((16, 24, 3))
    x = conv("c", padding="same")(image)
    mask = conv("mask", 1, filters=1, activation="sigmoid")(x)
    gate = kl.Dense(4, name="gate")(kl.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x))
    return convnet_of(kl.Multiply(name="masked")([kl.Multiply(name="gated")([x, gate]), mask]), image)


def branches():
    image = keras.Input((17, 24, 3))
    x = conv("stem", 3, 2, padding="same")(image)
    up = kl.UpSampling2D(name="up")(conv("down", 3, 2, padding="same")(x))
    up = kl.Cropping2D(((0, 1), (0, 0)), name="cut")(up)
    return convnet_of(conv("end")(kl.Concatenate(name="joined")([x, up])), image)


def mixer():
    image = keras.Input((16, 16, 3))
    x = kl.Reshape((16, 8), name="tokens")(conv("patches", 4, 4, filters=8)(image))
    y = kl.Permute((2, 1), name="turned")(kl.LayerNormalization(name="norm")(x))
    y = kl.Dense(16, name="mixed_back")(kl.Dense(16, activation="gelu", name="mixed")(y))
    x = kl.Add(name="sum")([x, kl.Permute((2, 1), name="back")(y)])
    return convnet_of(kl.Dense(3)(kl.GlobalAveragePooling1D()(x)), image)


def windows(x, back=False):
    """Cut 8 x 12 positions into windows of 4 x 4, as Swin does, or put them back."""
    if back:
        x = ops.transpose(ops.reshape(x, (-1, 2, 3, 4, 4, 4)), (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, 8, 12, 4))
    x = ops.transpose(ops.reshape(x, (-1, 2, 4, 3, 4, 4)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, 16, 4))


def space_to_depth(x):
    x = ops.transpose(ops.reshape(x, (-1, 4, 4, 6, 4, 3)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, 4, 6, 48))


def focus(x):
    return ops.concatenate([x[:, ::2, ::2], x[:, 1::2, ::2], x[:, ::2, 1::2], x[:, 1::2, 1::2]], axis=-1)


def tf_patches(x):
    return tf.image.extract_patches(x, [1, 4, 4, 1], [1, 4, 4, 1], [1, 1, 1, 1], "VALID")


def shuffle_pixels(x):
    x = ops.transpose(ops.reshape(x, (-1, 8, 12, 2, 2, 4)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, 16, 24, 4))


EXACT = {  # every claim can be checked: a value depends on its receptive field only
    "plain": lambda: chain(conv("a"), kl.MaxPooling2D(name="p"), conv("b", 5, 2, padding="same"), conv("c", 3, 2)),
    "same": lambda: chain(*(conv(f"c{i}", 3, 2, padding="same") for i in range(3)), size=(32, 48)),
    "dilated": lambda: chain(
        conv("a", dilation_rate=2), kl.DepthwiseConv2D(3, dilation_rate=2, name="b", padding="same")
    ),
    "separable": lambda: chain(kl.SeparableConv2D(4, 3, 2, name="a", padding="same"), kl.AveragePooling2D(2, name="b")),
    "padded": lambda: chain(
        kl.ZeroPadding2D(((1, 0), (2, 0)), name="pad"), conv("c", 3, 2), kl.Cropping2D(1, name="crop")
    ),
    "enlarged": lambda: chain(conv("c", 2, 2), kl.UpSampling2D(2, name="up"), conv("d", padding="same")),
    "transposed": lambda: chain(conv("c", 2, 2), kl.Conv2DTranspose(4, 4, 2, padding="same", name="up")),
    "resized": lambda: chain(conv("c"), kl.Resizing(8, 12, interpolation="nearest", name="r"), conv("d")),
    "patches as tokens": lambda: chain(
        conv("patches", 4, 4), kl.Reshape((24, 4), name="tokens"), kl.Dense(5, name="dense"), kl.ReLU(name="relu")
    ),
    "class token": lambda: chain(
        conv("patches", 4, 4), kl.Reshape((24, 4), name="t"), ClassToken(name="cls"), kl.Dense(5, name="dense"),
        Do(lambda x: x[:, 1:], name="off"), kl.Reshape((4, 6, 5), name="grid"), conv("c", padding="same"),
    ),
    "two tokens in front, one behind": lambda: chain(
        conv("patches", 4, 4), kl.Reshape((24, 4), name="t"), ClassToken(2, 1, name="cls"), kl.LayerNormalization(),
        kl.Dense(5, name="dense"), Do(lambda x: x[:, 1:-1], name="off"),
    ),
    "patches by ops": lambda: chain(Do(lambda x: ops.image.extract_patches(x, 4), name="p"), kl.Dense(5, name="d")),
    "patches by tf.image": lambda: chain(Do(tf_patches, name="p"), kl.Reshape((24, 48), name="t"), kl.Dense(5)),
    "space to depth, of TensorFlow": lambda: chain(Do(lambda x: tf.nn.space_to_depth(x, 2), name="s2d"), conv("c")),
    "focus": lambda: chain(Do(focus, name="focus"), conv("c")),
    "conv mixer": lambda: chain(
        conv("p", 4, 4), kl.DepthwiseConv2D(3, padding="same", name="dw"), kl.Activation("gelu"),
        kl.BatchNormalization(name="bn"), conv("pw", 1),
    ),
    "einsum": lambda: chain(conv("c"), kl.EinsumDense("bxyc,cd->bxyd", (None, None, 5), name="e"), conv("d")),
    "branches": branches,
    "two columns of models": lambda: chain(
        conv("a"), Do(lambda x: ops.concatenate(ops.split(x, 2, axis=-1)[::-1], axis=-1), name="swapped"), conv("b")
    ),
}  # fmt: skip

MIXED = {  # a value may depend on the whole image, or is said to; on its own place it depends most
    "space to depth": lambda: chain(Do(space_to_depth, name="s2d"), kl.Dense(5, name="d")),
    "pixel shuffle": lambda: chain(conv("c", 2, 2, filters=16), Do(shuffle_pixels, name="up")),
    "windows and back": lambda: chain(
        conv("c", 2, 2), Do(windows, name="w"), kl.Dense(4, name="in"), Do(lambda x: windows(x, back=True), name="back")
    ),
    "transformer": transformer,
    "class token": lambda: transformer(before=1, head="first"),
    "registers": lambda: transformer(before=1, after=3, head="first"),
    "masks and gates": residual_attention,
    "mixer": mixer,
}


def outputs(convnet, inputs):
    addresses = [info.address for info in map_layers(convnet)]
    assert addresses
    return feature_maps(convnet, inputs, layers=addresses)


def changes(convnet, pixels, rng):
    """Address to how much each cell changes when one of the pixels does: `(pixels, rows, columns)`."""
    height, width = convnet.preparation.size
    still = rng.normal(size=(1, height, width, 3)).astype(np.float32)
    moved = np.repeat(still, len(pixels), axis=0)
    for index, (row, column) in enumerate(pixels):
        moved[index, row, column] += 3
    before, after = outputs(convnet, still), outputs(convnet, moved)
    return {name: np.abs(after[name] - before[name]).max(axis=-1) for name in before}


def some_pixels(convnet):
    height, width = convnet.preparation.size
    return [(row, column) for row in range(0, height, 3) for column in range(0, width, 5)]


@pytest.mark.parametrize("name", EXACT)
def test_a_changed_pixel_changes_only_cells_that_are_said_to_see_it(name, rng):
    convnet = EXACT[name]()
    pixels, reached = some_pixels(convnet), 0
    for address, change in changes(convnet, pixels, rng).items():
        info = find_layer(convnet, address)
        assert info.receptive_field != convnet.preparation.size, address
        for (row, column), changed in zip(pixels, change > 1e-4 * change.max(), strict=True):
            rows, columns = np.nonzero(changed)
            for side, (place, cells) in enumerate(((row, rows), (column, columns))):
                centers = info.grid.start[side] + cells * info.grid.step[side]
                reach = info.receptive_field[side] / 2 + info.grid.step[side] / 2 + 1  # branches lie a pixel apart
                assert np.all(np.abs(centers - place) <= reach), (address, place, centers, reach)
            reached += changed.any()
    assert reached > len(pixels) / 2  # else nothing was checked


@pytest.mark.parametrize("name", EXACT)
def test_every_layer_of_these_models_is_on_a_grid(name):
    assert all(info.grid for info in layers(EXACT[name]()))


def test_windows_are_no_grid_until_they_are_back():
    assert [info.address for info in map_layers(MIXED["windows and back"]())] == ["c", "back"]


@pytest.mark.parametrize("name", MIXED)
def test_a_changed_pixel_changes_its_own_cell_most(name, rng):
    convnet = MIXED[name]()
    height, width = convnet.preparation.size
    pixels = [(row, column) for row in range(1, height, 4) for column in range(1, width, 4)]
    for address, change in changes(convnet, pixels, rng).items():
        grid = find_layer(convnet, address).grid
        if address in ("mha1/attention_output", "mha2/attention_output"):
            continue  # what the others say, weighed: its own place need not weigh most
        hits = 0
        for (row, column), cells in zip(pixels, change, strict=True):
            top = np.unravel_index(cells.argmax(), cells.shape)
            near = [abs(grid.start[i] + top[i] * grid.step[i] - place) <= max(1.5, grid.step[i] / 2 + 1)
                    for i, place in enumerate((row, column))]  # fmt: skip
            hits += all(near)
        assert hits > 0.9 * len(pixels), address


def strips(size=(16, 24)):
    return [kl.Reshape((4, 4, 24, 3), name="strips"), kl.TimeDistributed(conv("inner", padding="same"), name="timed")]


NO_GRID = {  # the layers that must not be drawn over the image
    "permuted": lambda: (chain(kl.Permute((2, 1, 3), name="no_turned"), conv("no_c"))),
    "channels first inside": lambda: chain(conv("c"), kl.Permute((3, 1, 2), name="no_first"), kl.ReLU(name="no_relu")),
    "rows as channels": lambda: chain(conv("c"), kl.Permute((2, 3, 1), name="no_turned"), kl.Dense(5, name="no_d")),
    "strips": lambda: chain(*strips()),
    "one strip": lambda: chain(Do(lambda x: x[:, :8], name="no_top"), conv("no_c"), kl.ReLU(name="no_relu")),
    "one strip of coarse cells": lambda: chain(
        conv("c", 8, 8), Do(lambda x: x[:, :1], name="no_top"), conv("no_c", 1), kl.Dense(4, name="no_d")
    ),
    "strips as batch": lambda: chain(
        Do(lambda x: ops.reshape(x, (-1, 4, 24, 3)), name="no_strips"), conv("no_c"),
        Do(lambda x: ops.mean(ops.reshape(x, (-1, 4, *x.shape[1:])), axis=1), name="no_mean"),
    ),
    "mean of strips": lambda: chain(
        Do(lambda x: ops.mean(ops.reshape(x, (-1, 4, 4, 24, 3)), axis=1), name="no_mean"), conv("no_c", 2)
    ),
    "windows": lambda: chain(conv("c", 2, 2), Do(windows, name="no_w"), kl.Dense(4, name="no_d")),
    "convolution over rows": lambda: chain(
        kl.Reshape((16, 72), name="no_rows"), kl.Conv1D(5, 3, name="no_conv"), kl.Reshape((7, 2, 5), name="no_shape")
    ),
    "recurrent over rows": lambda: chain(
        kl.Reshape((16, 72), name="no_rows"), kl.GRU(6, return_sequences=True, name="no_gru"),
        kl.Reshape((4, 4, 6), name="no_shape"),
    ),
    "mirrored": lambda: chain(Do(lambda x: ops.flip(x, 2), name="no_flip"), conv("no_c")),
    "rolled": lambda: chain(Do(lambda x: ops.roll(x, 3, 1), name="no_roll"), conv("no_c")),
    "added to its own transpose": lambda: chain(
        conv("c", 3, padding="same"), Do(lambda x: x + ops.transpose(x, (0, 2, 1, 3)), name="no_sum"), size=(12, 12)
    ),
    "sorted": lambda: chain(Do(lambda x: ops.sort(x, axis=1), name="no_sort")),
    "dense on flat pixels": lambda: chain(
        kl.Flatten(name="no_flat"), kl.Dense(64, name="no_d"), kl.Reshape((4, 4, 4), name="no_back")
    ),
    "transposed tokens": lambda: chain(
        conv("c", 4, 4), kl.Reshape((24, 4), name="t"), kl.Permute((2, 1), name="no_turned"), kl.Dense(24, name="no_d"),
        kl.Permute((2, 1), name="no_mixed"),
    ),
    "wrong rows and columns": lambda: chain(conv("c", 4, 4), kl.Reshape((6, 4, 4), name="no_shape")),
    "columns first": lambda: chain(
        conv("c", 4, 4), kl.Permute((2, 1, 3), name="no_turned"), kl.Reshape((24, 4), name="no_tokens")
    ),
    "gram matrix": lambda: chain(
        conv("c", 4, 4), kl.Reshape((24, 4), name="t"),
        Do(lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1)))[..., None], name="no_gram"),
    ),
    "quarter crop": lambda: chain(kl.CenterCrop(4, 6, name="no_crop"), conv("no_c")),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_GRID)
def test_what_is_no_grid_of_the_image_is_not_taken_for_one(name):
    convnet = NO_GRID[name]()
    claimed = {info.address for info in map_layers(convnet)}
    expected = {info.address for info in layers(convnet) if not info.address.startswith(("strips", "timed"))}
    assert claimed == {address for address in expected if not address.startswith("no_")}


def test_heads_and_scores_of_attention_are_no_maps_but_every_block_is():
    convnet = transformer(before=1, head="first")
    claimed = {info.address for info in map_layers(convnet)}
    assert not {"mha1/query", "mha1/key", "mha1/value", "mha1/softmax", "first", "scores"} & claimed
    assert {"tokens", "with_class", "add1a", "mlp1", "mha2/attention_output", "add2b", "norm"} <= claimed


def test_the_default_layer_of_a_transformer():
    """Where scores are read off the class token, patches reach it through the last attention only."""
    assert default_layer(transformer()) == "norm"
    assert default_layer(transformer(before=1, head="first")) == "norm2a"
    assert default_layer(transformer(before=1, after=2, head="mean")) == "norm"
    assert default_layer(mixer()) == "sum"
    assert default_layer(residual_attention()) == "masked"


@pytest.mark.parametrize("before", [0, 1, 2])
def test_tokens_are_put_on_their_grid(before, rng):
    convnet = transformer(before=before, head="first" if before else "mean")
    info = find_layer(convnet, "add1b")
    assert (info.output_shape, info.map_shape) == ((24 + before, 8), (4, 6, 8))
    inputs = rng.normal(size=(3, 16, 24, 3)).astype(np.float32)
    ours = feature_maps(convnet, inputs, layers=["add1b"])["add1b"]
    raw = keras.Model(convnet.model.inputs[0], convnet.model.get_layer("add1b").output)(inputs).numpy()
    np.testing.assert_allclose(ours, raw[:, before:].reshape(3, 4, 6, 8), rtol=1e-5, atol=1e-5)
    drawn = display_tiles(convnet, inputs[:1], layers=["add1b"])["add1b"].astype(int)
    assert np.abs(drawn - tiles(ours[0]).astype(int)).max() <= 1


def test_grad_cam_of_a_transformer_is_the_closed_form_behind_its_last_layer(rng):
    """The mean over tokens, then a dense layer: a channel's weight is the class's own, over the number of tokens."""
    convnet = transformer()
    inputs = rng.normal(size=(2, 16, 24, 3)).astype(np.float32)
    maps = feature_maps(convnet, inputs, layers=["norm"])["norm"]
    weights = convnet.model.get_layer("scores").kernel.numpy()[:, 1] / 24
    evidence = maps @ weights
    assert evidence.min() < 0 < evidence.max()
    for method in ("grad_cam", "hires_cam"):
        heat = METHODS[method].explain(convnet, inputs, class_index=1)
        np.testing.assert_allclose(heat, np.maximum(evidence, 0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", ["grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam", "score_cam"])
def test_every_layer_method_draws_a_class_token_model_on_its_patches(method, rng):
    convnet = transformer(before=1, head="first", blocks=1)
    inputs = rng.normal(size=(1, 16, 24, 3)).astype(np.float32)
    heats = [METHODS[method].explain(convnet, inputs, class_index=index) for index in range(3)]
    assert all(heat.shape == (1, 4, 6) for heat in heats)
    assert any(heat.any() for heat in heats)


def test_the_transformer_of_the_cases_is_drawn_on_its_patches(rng):
    model = keras.models.load_model("tests/cases/models/vit.keras")
    convnet = convnet_from_model(model)
    assert find_layer(convnet, default_layer(convnet)).map_shape == (4, 4, 16)
    assert require_maps(convnet, None) == "norm"
    inputs = rng.random((1, 32, 32, 3), np.float32)
    assert METHODS["grad_cam"].explain(convnet, inputs, class_index=0).shape == (1, 4, 4)
    assert not find_layer(convnet, "mha/value").has_maps


def test_what_has_no_grid_is_left_as_it_is(rng):
    array = rng.normal(size=(2, 5, 3))
    assert to_grid(None, array) is array
