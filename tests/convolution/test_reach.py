import keras
import numpy as np
import pytest
from keras import layers as kl

from cnnviz.convnets import convnet_from_model
from cnnviz.convolution.reach import reached_units, unit_box
from cnnviz.errors import LayerError
from cnnviz.layers import find_layer, map_layers
from cnnviz.probes import forward

SIZE = (17, 14)


def winding():
    """All that moves a field, with weights above zero, so that nothing cancels out."""
    image = keras.Input((*SIZE, 1), name="image")
    x = kl.ZeroPadding2D(((0, 3), (2, 0)), name="pad")(image)
    x = kl.Conv2D(2, (2, 3), strides=(2, 1), padding="same", name="uneven")(x)
    x = kl.Cropping2D(((1, 0), (0, 2)), name="crop")(x)
    y = kl.DepthwiseConv2D(3, padding="same", dilation_rate=2, name="dilated")(x)
    x = kl.Add(name="add")([x, y])
    x = kl.AveragePooling2D(2, 2, "same", name="pool")(x)
    x = kl.UpSampling2D((2, 3), name="up")(x)
    x = kl.SeparableConv2D(2, 3, name="separable")(x)
    gate = kl.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
    gated = kl.Multiply(name="gated")([x, gate])
    model = keras.Model(image, kl.Dense(2, name="scores")(kl.Flatten()(gated)), name="winding")
    for weight in model.weights:
        weight.assign(np.full(weight.shape, 0.5))
    return convnet_from_model(model)


@pytest.fixture(scope="module")
def convnet():
    return winding()


@pytest.fixture(scope="module")
def measured(convnet):
    """Layer to `(pixels, rows, columns)` bool: which units changed with each pixel."""
    addresses = [info.address for info in map_layers(convnet)]
    base = np.ones((1, *SIZE, 1), np.float32)
    pixels = np.eye(SIZE[0] * SIZE[1], dtype=np.float32).reshape(-1, *SIZE, 1)
    still, changed = (forward(convnet, inputs, layers=addresses).maps for inputs in (base, base + pixels))
    return {address: np.any(changed[address] != still[address], axis=-1) for address in addresses}


def box_of(pixels):
    """Smallest box around some pixels; without area if there are none."""
    rows, columns = np.nonzero(pixels.reshape(SIZE))
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None


@pytest.mark.parametrize("address", ["pad", "uneven", "crop", "dilated", "add", "pool", "up", "separable", "gated"])
def test_the_box_is_around_exactly_the_pixels_that_change_the_unit(address, convnet, measured):
    reached = measured[address]
    boxes = set()
    for row, column in np.ndindex(reached.shape[1:]):
        left, top, right, bottom = unit_box(convnet, layer=address, row=row, column=column)
        found = box_of(reached[:, row, column])
        assert (left, top, right, bottom) == found if found else (right - left) * (bottom - top) == 0
        boxes.add(found)
    assert len(boxes) > 3 or address == "gated"  # a gate makes every unit see the whole image


@pytest.mark.parametrize("address", ["uneven", "add", "pool", "separable", "gated"])
def test_a_pixel_reaches_the_units_that_change_with_it(address, convnet, measured):
    for row, column in [(0, 0), (16, 13), (8, 5), (3, 12)]:
        expected = measured[address][row * SIZE[1] + column]
        found = reached_units(convnet, layer=address, box=(column, row, column + 1, row + 1))
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found, expected)


def test_dense_units_see_all_that_was_not_cropped_away(convnet):
    assert unit_box(convnet, layer="scores") == (0, 2, 13, 17)
    for row, is_kept in ((0, False), (2, True)):
        assert reached_units(convnet, layer="scores", box=(3, row, 4, row + 1)).item() is is_kept


@pytest.mark.parametrize("is_upper_first", [True, False])
def test_branches_that_look_elsewhere_both_count_and_what_lies_between_does_not(is_upper_first):
    image = keras.Input((6, 5, 1))
    branches = [kl.Cropping2D((cut, 0))(image) for cut in ((0, 3), (3, 0))]
    joined = kl.Add(name="both")(branches if is_upper_first else branches[::-1])
    convnet = convnet_from_model(keras.Model(image, joined))
    assert unit_box(convnet, layer="both", row=1, column=2) == (2, 1, 3, 5)
    reached = [reached_units(convnet, layer="both", box=(2, row, 3, row + 1)) for row in range(6)]
    assert [np.argwhere(units).tolist() for units in reached] == [[[row % 3, 2]] for row in range(6)]


def test_a_layer_whose_reach_is_not_known_sees_everything():
    image = keras.Input((8, 9, 3))
    mixed = kl.Conv2D(2, 3, name="above")(kl.GroupNormalization(1, name="mixed")(image))
    convnet = convnet_from_model(keras.Model(image, mixed))
    assert unit_box(convnet, layer="above", row=2, column=2) == (0, 0, 9, 8)


def test_operations_between_layers_that_change_the_size_hide_where_things_are():
    image = keras.Input((8, 9, 3))
    half = kl.Conv2D(2, 3, name="above")(image[:, ::2])
    convnet = convnet_from_model(keras.Model(image, half))
    assert unit_box(convnet, layer="above", row=1, column=2) == (2, 0, 5, 8)


def test_a_unit_away_from_the_border_sees_as_many_pixels_as_its_layer_says(lite0):
    for address in ("stem_relu", "block1_dw_conv", "block2_add"):
        info = find_layer(lite0, address)
        middle = [side // 2 for side in info.output_shape[:2]]
        left, top, right, bottom = unit_box(lite0, layer=address, row=middle[0], column=middle[1])
        assert (bottom - top, right - left) == info.receptive_field
        assert right - left < 224


def test_units_that_do_not_exist_are_refused(convnet):
    rows = find_layer(convnet, "pool").output_shape[0]
    with pytest.raises(LayerError, match=rf"'pool' has no row {rows}\. Choose one from 0 to {rows - 1}\."):
        unit_box(convnet, layer="pool", row=rows)
    with pytest.raises(LayerError, match="no layer 'none'"):
        reached_units(convnet, layer="none", box=(0, 0, 1, 1))
