from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers as kl
from tiny_nets import flat, listed, nested

from cnnviz.convnets import Preparation, convnet_from_model
from cnnviz.convnets.catalog import build_untrained, catalog
from cnnviz.errors import LayerError, ModelError
from cnnviz.layers import default_layer, find_layer, images_at_once, layers, map_layers, require_maps, totals


def chain(*steps, size=(64, 64), channels=3):
    image = x = keras.Input((*size, channels), name="image")
    for step in steps:
        x = step(x)
    return convnet_from_model(keras.Model(image, x, name="chain"))


def views(convnet):
    """Address to (field, stride) along rows, and along columns where they differ."""
    infos = layers(convnet)
    assert all(info.receptive_field[0] == info.receptive_field[1] for info in infos)
    return {info.address: (info.receptive_field[0], info.stride[0]) for info in infos}


def conv(name, size=3, stride=1, **options):
    return kl.Conv2D(2, size, stride, name=name, **options)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_fields_and_strides_of_a_vgg_like_stack(padding):
    """Araujo et al., eq. 2: 3, 5, then pooling adds 1 step and doubles it."""
    convnet = chain(
        conv("c1", padding=padding),
        conv("c2", padding=padding),
        kl.MaxPooling2D(name="p1"),
        conv("c3", padding=padding),
        conv("c4", padding=padding),
        kl.MaxPooling2D(name="p2"),
        conv("c5", padding=padding),
    )
    assert views(convnet) == {
        "c1": (3, 1),
        "c2": (5, 1),
        "p1": (6, 2),
        "c3": (10, 2),
        "c4": (14, 2),
        "p2": (16, 4),
        "c5": (24, 4),
    }


def test_fields_of_strided_dilated_and_oblong_windows():
    convnet = chain(
        conv("strided", 5, 2), conv("dilated", 3, dilation_rate=3), kl.AveragePooling2D(3, strides=1, name="pool")
    )
    assert views(convnet) == {"strided": (5, 2), "dilated": (17, 2), "pool": (21, 2)}
    oblong = find_layer(chain(kl.Conv2D(2, (1, 7), (1, 2), name="oblong")), "oblong")
    assert (oblong.receptive_field, oblong.stride, oblong.kernel_size) == ((1, 7), (1, 2), (1, 7))


def test_fields_through_separable_depthwise_and_grouped_convolutions():
    convnet = chain(
        kl.DepthwiseConv2D(3, padding="same", name="depthwise"),
        kl.SeparableConv2D(4, 3, strides=2, padding="same", name="separable"),
        kl.Conv2D(4, 3, groups=2, name="grouped"),
        kl.DepthwiseConv2D(3, dilation_rate=2, name="depthwise_dilated"),
    )
    assert views(convnet) == {
        "depthwise": (3, 1),
        "separable": (5, 2),
        "grouped": (9, 2),
        "depthwise_dilated": (17, 2),
    }


@pytest.mark.parametrize(
    ("up", "field"),
    [
        (kl.Conv2DTranspose(2, 2, 2, name="up"), 5),  # each output lies under one input
        (kl.Conv2DTranspose(2, 3, 2, name="up"), 7),  # under one or two
        (kl.Conv2DTranspose(2, 4, 2, name="up"), 7),  # under two
        (kl.Conv2DTranspose(2, 3, 1, name="up"), 9),  # an ordinary convolution
        (kl.UpSampling2D(2, name="up"), 5),
        (kl.UpSampling2D(2, interpolation="bilinear", name="up"), 7),
    ],
)
def test_fields_of_layers_that_enlarge_are_what_a_changed_pixel_reaches(up, field):
    convnet = chain(conv("c", 5, 2), up, size=(33, 33))
    info = find_layer(convnet, "up")
    assert info.receptive_field == (field, field)
    assert info.stride == ((2, 2) if up.name == "up" and getattr(up, "strides", 2) in (1, (1, 1)) else (1, 1))
    for weight in convnet.model.weights:
        weight.assign(np.ones(weight.shape))
    still = convnet.model(np.zeros((1, 33, 33, 3), np.float32)).numpy()
    reached = 0
    for row in range(33):
        image = np.zeros((1, 33, 33, 3), np.float32)
        image[0, row, 16] = 1
        middle = slice(still.shape[1] // 2 - 1, still.shape[1] // 2 + 1)
        reached += np.any(convnet.model(image).numpy()[0, middle] != still[0, middle], axis=(1, 2))
    assert reached.max() == field


def test_a_field_is_never_larger_than_the_image():
    convnet = chain(conv("c1", 7, padding="same"), conv("c2", 7, padding="same"), size=(9, 30))
    assert find_layer(convnet, "c2").receptive_field == (9, 13)


def test_branches_are_as_wide_as_their_widest_and_residuals_do_not_narrow():
    image = keras.Input((32, 32, 3))
    stem = conv("stem")(image)
    narrow, wide = conv("narrow", 1)(stem), conv("wide", 5, padding="same")(stem)
    joined = kl.Concatenate(name="joined")([narrow, wide])
    inner = conv("inner", padding="same")(narrow)
    convnet = convnet_from_model(keras.Model(image, [joined, kl.Add(name="sum")([narrow, inner])]))
    assert views(convnet)["joined"] == (7, 1)
    assert views(convnet)["sum"] == (5, 1)
    assert find_layer(convnet, "sum").inputs == ("narrow", "inner")
    assert find_layer(convnet, "stem").inputs == ()


@pytest.mark.parametrize("is_gate_first", [False, True])
@pytest.mark.parametrize("squeeze", ["layers", "operations"])
def test_a_squeeze_and_excite_branch_widens_the_field_but_keeps_the_stride(squeeze, is_gate_first):
    image = keras.Input((32, 32, 3))
    x = conv("c1", stride=2)(image)
    if squeeze == "layers":
        pooled = kl.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
    else:
        pooled = keras.ops.mean(x, axis=(1, 2), keepdims=True)
    gate = conv("gate", 1, activation="sigmoid")(pooled)
    x = kl.Multiply(name="scaled")([gate, x] if is_gate_first else [x, gate])
    seen = views(convnet_from_model(keras.Model(image, conv("c2")(x))))
    assert seen["c1"] == (3, 2)
    assert seen["gate"][0] == 32
    assert seen["scaled"] == (32, 2)
    assert seen["c2"] == (32, 2)


def test_global_operations_see_the_whole_image():
    convnet = chain(conv("c"), kl.GlobalMaxPooling2D(name="pool"), kl.Dense(2, name="dense"), size=(20, 30))
    for address in ("pool", "dense"):
        assert find_layer(convnet, address).receptive_field == (20, 30)
    flattened = chain(conv("c"), kl.Flatten(name="flatten"), kl.Dense(2), size=(20, 30))
    assert find_layer(flattened, "flatten").receptive_field == (20, 30)


def test_dense_and_normalization_on_maps_stay_at_their_position():
    convnet = chain(conv("c"), kl.LayerNormalization(name="norm"), kl.Dense(4, name="dense"), conv("c2"))
    assert views(convnet) == {"c": (3, 1), "norm": (3, 1), "dense": (3, 1), "c2": (5, 1)}


def test_attention_sees_the_whole_image_and_its_grid_comes_back():
    image = keras.Input((32, 32, 3))
    x = conv("patches", 4, 4)(image)
    tokens = kl.Reshape((64, 2), name="tokens")(x)
    mixed = kl.MultiHeadAttention(1, 2, name="attention")(tokens, tokens)
    grid = kl.Reshape((8, 8, 2), name="grid")(mixed)
    convnet = convnet_from_model(keras.Model(image, grid))
    assert find_layer(convnet, "tokens").receptive_field == (4, 4)
    assert find_layer(convnet, "attention").receptive_field == (32, 32)
    assert find_layer(convnet, "grid").stride == (4, 4)


class Mixing(kl.Layer):
    """Every token asks every other, without any layer of Keras."""

    def call(self, tokens):
        return keras.ops.matmul(keras.ops.softmax(keras.ops.matmul(tokens, self.turned(tokens))), tokens)

    def turned(self, tokens):
        return keras.ops.transpose(tokens, (0, 2, 1))


class Gram(Mixing):
    """Products of tokens, the positions of both kept."""

    def call(self, tokens):
        return keras.ops.einsum("btc,bsc->bts", tokens, tokens)


@pytest.mark.parametrize(
    "steps",
    [[Mixing(name="end")], [Gram(name="end")], [kl.Permute((2, 1)), kl.Dense(64), kl.Permute((2, 1), name="end")]],
    ids=["attention", "products", "mixer"],
)
def test_what_mixes_tokens_sees_the_whole_image(steps):
    convnet = chain(conv("patches", 4, 4), kl.Reshape((64, 2), name="tokens"), *steps, size=(32, 32))
    assert find_layer(convnet, "tokens").receptive_field == (4, 4)
    assert find_layer(convnet, "end").receptive_field == (32, 32)


def test_einsum_dense_on_tokens_or_maps_stays_at_its_position():
    on_maps = chain(conv("c"), kl.EinsumDense("bxyc,cd->bxyd", (None, None, 5), name="mixed"), conv("c2"))
    assert views(on_maps) == {"c": (3, 1), "mixed": (3, 1), "c2": (5, 1)}


def test_padding_and_cropping_keep_the_stride_even_on_small_maps():
    convnet = chain(conv("c", 3, 2), kl.ZeroPadding2D(3, name="pad"), kl.Cropping2D(4, name="crop"), size=(9, 9))
    assert find_layer(convnet, "pad").output_shape == (10, 10, 2)
    assert views(convnet) == {"c": (3, 2), "pad": (3, 2), "crop": (3, 2)}


class Patchify(kl.Layer):
    """A layer of one's own that Keras has no name for."""

    def call(self, x):
        return keras.ops.reshape(x, (-1, x.shape[1] // 4, x.shape[2] // 4, 16 * x.shape[3]))


class Block(kl.Layer):
    """A composite layer whose own attribute looks like a window."""

    def __init__(self, **options):
        super().__init__(**options)
        self.kernel_size = 99
        self.one, self.two = conv("one", padding="same"), conv("two", padding="same")

    def call(self, x):
        return x + self.two(self.one(x))


class MyConv(kl.Conv2D):
    """Derived from a layer of Keras."""


def test_layers_of_ones_own_are_followed_by_their_shapes():
    convnet = chain(MyConv(2, 3, padding="same", name="mine"), Patchify(name="patches"))
    assert views(convnet) == {"mine": (3, 1), "patches": (6, 4)}
    assert find_layer(convnet, "mine").kind == "MyConv"
    assert find_layer(convnet, "mine").macs == 64 * 64 * 3 * 3 * 3 * 2


def test_composite_layers_list_what_they_hold():
    convnet = chain(conv("stem", 1), Block(name="block"), conv("end"))
    assert [(info.address, info.is_container) for info in layers(convnet)] == [
        ("stem", False),
        ("block/one", False),
        ("block/two", False),
        ("block", True),
        ("end", False),
    ]
    assert views(convnet) == {
        "stem": (1, 1),
        "block/one": (3, 1),
        "block/two": (5, 1),
        "block": (5, 1),
        "end": (7, 1),
    }
    assert find_layer(convnet, "block").kernel_size is None
    assert find_layer(convnet, "end").inputs == ("block",)
    assert [info.address for info in map_layers(convnet)] == ["stem", "block/one", "block/two", "end"]


def test_an_activation_that_is_a_layer_leaves_its_convolution_a_convolution():
    info = find_layer(chain(conv("c", activation=kl.LeakyReLU(0.1)), conv("d")), "c")
    assert (info.is_container, info.receptive_field, info.macs) == (False, (3, 3), 62 * 62 * 27 * 2)


@pytest.mark.parametrize(
    ("layer", "macs"),
    [
        (kl.Conv2D(4, 3, name="x"), 6 * 6 * 4 * 3 * 3 * 6),
        (kl.Conv2D(4, 3, 2, padding="same", name="x"), 4 * 4 * 4 * 3 * 3 * 6),
        (kl.Conv2D(4, 3, groups=2, name="x"), 6 * 6 * 4 * 3 * 3 * 3),
        (kl.DepthwiseConv2D(3, depth_multiplier=2, name="x"), 6 * 6 * 3 * 3 * 6 * 2),
        (kl.SeparableConv2D(4, 3, name="x"), 6 * 6 * (3 * 3 * 6 + 6 * 4)),
        (kl.Conv2DTranspose(4, 3, 2, name="x"), 8 * 8 * 3 * 3 * 6 * 4),
        (kl.Dense(5, name="x"), 8 * 8 * 6 * 5),
        (kl.EinsumDense("bxyc,cd->bxyd", (None, None, 5), name="x"), 8 * 8 * 6 * 5),
        (kl.MaxPooling2D(name="x"), 0),
    ],
)
def test_multiply_accumulates_by_hand(layer, macs):
    image = keras.Input((8, 8, 3))
    six_channels = kl.Concatenate()([image, image])
    assert find_layer(convnet_from_model(keras.Model(image, layer(six_channels))), "x").macs == macs


def test_multiply_accumulates_of_a_dense_head():
    convnet = chain(kl.Flatten(), kl.Dense(7, name="dense"), size=(4, 4))
    assert find_layer(convnet, "dense").macs == 4 * 4 * 3 * 7


def test_nested_lists_the_same_as_flat_and_subclassed():
    def essentials(convnet):
        return [
            (i.name, i.kind, i.output_shape, i.parameters, i.macs, i.receptive_field, i.stride)
            for i in layers(convnet)
            if not i.is_container
        ]

    ours = [
        essentials(convnet_from_model(build(), preparation=Preparation((9, 8)))) for build in (flat, nested, listed)
    ]
    assert len(ours[0]) == 5
    assert ours[0] == ours[1] == ours[2]
    assert find_layer(convnet_from_model(nested()), "encoder/pool").inputs == ("encoder/backbone/conv2",)


def test_a_shared_layer_is_listed_at_each_call_and_counted_once():
    image = keras.Input((16, 16, 3))
    shared = kl.Conv2D(3, 3, padding="same", name="shared")
    model = keras.Model(image, shared(shared(image)))
    convnet = convnet_from_model(model)
    first, second = layers(convnet)
    assert (first.address, second.address) == ("shared", "shared@1")
    assert (first.receptive_field, second.receptive_field) == ((3, 3), (5, 5))
    assert second.inputs == ("shared",)
    assert (first.parameters, second.parameters) == (model.count_params(), 0)
    assert first.macs == second.macs > 0


def test_operations_between_layers_are_walked_over():
    image = keras.Input((16, 16, 3))
    x = conv("c1")(image)
    y = keras.ops.relu(keras.ops.max_pool(x, 2)) * 2.0
    convnet = convnet_from_model(keras.Model(image, conv("c2")(y)))
    assert find_layer(convnet, "c2").inputs == ("c1",)
    assert views(convnet)["c2"] == (8, 2)


def test_a_tokens_mean_is_global():
    image = keras.Input((16, 16, 3))
    x = kl.GlobalAveragePooling1D(name="mean")(kl.Reshape((16 * 16, 3))(image))
    assert find_layer(convnet_from_model(keras.Model(image, x)), "mean").receptive_field == (16, 16)


def test_dropout_hands_on_and_the_next_layer_reads_it():
    convnet = chain(conv("c"), kl.Dropout(0.5, name="dropout"), conv("d"))
    assert [info.inputs for info in layers(convnet)] == [(), ("c",), ("dropout",)]


@pytest.mark.parametrize("name", [entry.name for entry in catalog().values() if not entry.is_trained])
def test_parameters_agree_with_keras_for_every_architecture(name):
    model = build_untrained(name)
    convnet = convnet_from_model(model, preparation=catalog()[name].preparation)
    assert sum(info.parameters for info in layers(convnet)) == totals(convnet).parameters == model.count_params() > 0
    assert totals(convnet).weight_bytes == 4 * model.count_params()


def test_totals_of_a_net_worked_out_by_hand():
    image = keras.Input((6, 6, 3))
    x = kl.Conv2D(4, 3, name="conv")(image)  # 112 parameters, 4 x 4 x 4 values
    x = kl.BatchNormalization(name="bn")(x)  # 16 parameters, half of them statistics
    x = kl.Dense(2)(kl.GlobalAveragePooling2D()(kl.Dropout(0.5)(x)))  # 10 parameters
    convnet = convnet_from_model(keras.Model(image, x))
    ours = totals(convnet)
    assert (ours.parameters, ours.trainable_parameters) == (138, 130)
    assert ours.macs == 4 * 4 * 108 + 8
    assert ours.weight_bytes == 4 * 138
    assert ours.activation_bytes == 4 * (64 + 64 + 64 + 4 + 2)


def test_frozen_parameters_are_not_trainable():
    model = flat()
    model.get_layer("conv1").trainable = False
    info = find_layer(convnet_from_model(model), "conv1")
    assert (info.parameters, info.trainable_parameters) == (112, 0)


# Small images: only the shape of the model matters here.
APPLICATIONS = [
    ("VGG16", 32, "block5_conv3"),
    ("ResNet50", 64, "conv5_block3_out"),
    ("InceptionV3", 139, "mixed10"),
    ("EfficientNetB0", 64, "top_activation"),
    ("ConvNeXtTiny", 64, "convnext_tiny_stage_3_block_2_identity"),
]


@pytest.mark.parametrize(("function", "size", "last"), APPLICATIONS)
def test_models_of_keras_applications(function, size, last):
    model = getattr(keras.applications, function)(weights=None, input_shape=(size, size, 3), classes=4)
    convnet = convnet_from_model(model)
    assert convnet.outputs == "softmax"
    assert default_layer(convnet) == last
    assert sum(i.parameters for i in layers(convnet) if not i.is_container) == model.count_params()
    assert find_layer(convnet, last).stride == ((16, 16) if function == "VGG16" else (32, 32))


def test_the_default_layer_is_the_last_activation_that_leads_to_the_scores():
    assert default_layer(chain(conv("c"), kl.ReLU(name="relu"), kl.MaxPooling2D(), kl.Flatten(), kl.Dense(2))) == "relu"
    assert default_layer(chain(conv("c", activation="relu"), kl.Dropout(0.1), kl.GlobalMaxPooling2D())) == "c"
    image = keras.Input((16, 16, 3))
    x = conv("stem")(image)
    scores = kl.Dense(2, activation="softmax")(kl.GlobalAveragePooling2D()(conv("used")(x)))
    mask = conv("mask")(conv("aside")(x))
    both = keras.Model(image, [scores, mask])
    assert default_layer(convnet_from_model(both)) == "used"
    assert default_layer(convnet_from_model(both, head=1)) == "mask"


def test_a_layer_that_must_have_maps():
    convnet = chain(conv("c"), kl.GlobalAveragePooling2D(name="pool"), kl.Dense(2, name="dense"))
    assert require_maps(convnet, None) == require_maps(convnet, "c") == "c"
    with pytest.raises(LayerError, match=r"No feature maps at layer 'dense'\. Layers that have them: c"):
        require_maps(convnet, "dense")
    dense_only = convnet_from_model(build_untrained("mnist_dense"))
    with pytest.raises(LayerError, match="mnist_dense has no feature maps"):
        default_layer(dense_only)


def test_the_list_is_kept_with_the_convnet():
    convnet = chain(conv("c"))
    assert layers(convnet) is layers(convnet)


def test_as_many_images_run_at_once_as_fit_into_memory(monkeypatch):
    """Outputs of 32 x 32 x 64 float32 are 256 KiB: three of them make 3/4 MiB, all four 1 MiB, the last 1/4 MiB."""
    monkeypatch.setitem(images_at_once.__globals__, "_RUN_BYTES", 2**23)
    convnet = chain(*(kl.Conv2D(64, 3, padding="same", name=f"c{place}") for place in range(4)), size=(32, 32))
    assert images_at_once(convnet) == 10
    assert images_at_once(convnet, differentiated=[""]) == 4
    assert images_at_once(convnet, differentiated=["c3"]) == images_at_once(convnet, differentiated=["c3", "c3"]) == 8
    monkeypatch.setitem(images_at_once.__globals__, "_RUN_BYTES", 2**17)
    assert images_at_once(chain(conv("c1"), size=(256, 256))) == 1


def test_what_one_image_needs_is_compared_with_the_memory_that_there_is(monkeypatch):
    convnet = chain(conv("c1"), conv("c2"), size=(256, 256))
    plain, needed = (2**29 // images_at_once(convnet, differentiated=layers) for layers in (None, [""]))
    monkeypatch.setitem(
        images_at_once.__globals__, "usable_memory", lambda: 3 * (plain + needed) // 2
    )  # a third of it is used
    with pytest.raises(ModelError, match=r"This would need 0\.0 GB of activations"):
        images_at_once(convnet, differentiated=[""])
    assert images_at_once(convnet) > 1  # a plain run holds less


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("Conv2D", "convolution"),
        ("DepthwiseConv2D", "convolution"),
        ("BatchNormalization", "normalization"),
        ("GlobalAveragePooling2D", "pooling"),  # not a merge, though it says "Average"
        ("Average", "merge"),
        ("Dense", "dense"),
        ("PReLU", "activation"),
        ("Dropout", "other"),
    ],
)
def test_a_layer_belongs_to_the_first_category_whose_words_its_class_has(kind, category):
    convnet = chain(conv("c1"))
    assert replace(layers(convnet)[0], kind=kind).category == category
