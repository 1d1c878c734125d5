"""Attention weights are Keras's own, lie on the grid of patches, and roll out as in the paper."""

import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as kl
from tiny_nets import randomize, state

from cnnviz.convnets import convnet_from_model
from cnnviz.errors import LayerError
from cnnviz.heatmaps import (
    METHODS,
    attention,
    attention_layers,
    attention_maps,
    attention_rollout,
    methods_for,
)  # fmt: skip

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_grids import transformer


@pytest.fixture
def inputs(rng):
    return rng.normal(size=(2, 16, 24, 3)).astype(np.float32)


def asked_of_keras(convnet, inputs, name):
    """What `mha(y, y, return_attention_scores=True)` says on the layer's own input."""
    model = convnet.model
    layer = model.get_layer(name)
    given = keras.Model(model.inputs[0], layer.input[0] if isinstance(layer.input, list) else layer.input)(inputs)
    return layer(given, given, return_attention_scores=True)[1].numpy()


@pytest.mark.parametrize("before", [0, 1])
def test_weights_are_those_that_keras_returns(before, inputs):
    convnet = transformer(before=before, head="first" if before else "mean")
    for name in ("mha1", "mha2"):
        ours = attention(convnet, inputs, layer=name)
        assert ours.shape == (2, 2, 24 + before, 24 + before)
        assert ours.std() > 1e-3  # else uniform weights would pass
        np.testing.assert_allclose(ours, asked_of_keras(convnet, inputs, name), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(ours.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_array_equal(attention(convnet, inputs), attention(convnet, inputs, layer="mha2"))


def test_weights_are_the_closed_form_of_the_softmax(inputs):
    convnet = transformer()
    layer, given = convnet.model.get_layer("mha1"), convnet.model.get_layer("norm1a").output
    tokens = keras.Model(convnet.model.inputs[0], given)(inputs).numpy()
    dense = [layer._query_dense, layer._key_dense]
    q, k = (np.einsum("btc,chd->bthd", tokens, one.kernel.numpy()) + one.bias.numpy() for one in dense)
    scores = np.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(4)
    expected = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(attention(convnet, inputs, layer="mha1"), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["grouped", "single", "nested", "causal", "dropout"])
def test_other_attention_layers_and_nesting(kind, inputs):
    image = keras.Input((16, 24, 3))
    x = kl.Reshape((24, 8))(kl.Conv2D(8, 4, 4)(image))
    options = {}
    if kind == "grouped":
        layer = kl.GroupQueryAttention(4, 4, 2, name="mha")
    elif kind == "single":
        layer = kl.Attention(use_scale=True, name="mha")
    else:
        layer = kl.MultiHeadAttention(2, 4, dropout=0.2 if kind == "dropout" else 0.0, name="mha")
        options = {"use_causal_mask": True} if kind == "causal" else {}
    tokens = keras.Input((24, 8))
    y = layer([tokens, tokens]) if kind == "single" else layer(tokens, tokens, **options)
    x = keras.Model(tokens, y, name="inner")(x)
    model = randomize(keras.Model(image, kl.Dense(3)(kl.GlobalAveragePooling1D()(x))))
    convnet = convnet_from_model(model)
    assert [info.address for info in attention_layers(convnet)] == ["inner/mha"]
    before = state(model)
    ours = attention(convnet, inputs)
    assert state(model) == before
    assert ours.shape == (2, {"grouped": 4, "single": 1}.get(kind, 2), 24, 24)
    np.testing.assert_allclose(ours.sum(axis=-1), 1, rtol=1e-5)
    is_above = np.triu(np.ones((24, 24), bool), 1)
    assert (ours[..., is_above] == 0).all() == (kind == "causal")


@pytest.mark.parametrize("before", [0, 1, 3])
def test_maps_are_rows_of_the_weights_on_the_grid(before, inputs):
    convnet = transformer(before=before, head="first" if before else "mean")
    weights = attention(convnet, inputs, layer="mha1")
    ours = attention_maps(convnet, inputs, layer="mha1", query=(2, 5))
    np.testing.assert_array_equal(ours, weights[:, :, before + 2 * 6 + 5, before:].reshape(2, 2, 4, 6))
    default = attention_maps(convnet, inputs, layer="mha1")
    row = weights[:, :, 0, before:] if before else weights.mean(axis=2)
    np.testing.assert_allclose(default, row.reshape(2, 2, 4, 6), rtol=1e-6)
    with pytest.raises(LayerError, match=r"no patch in row 4, column 0\. Its grid is 4 x 6"):
        attention_maps(convnet, inputs, query=(4, 0))


@pytest.mark.parametrize("before", [0, 1])
def test_rollout_is_the_product_of_the_papers(before, inputs):
    convnet = transformer(before=before, blocks=3, head="first" if before else "mean")
    rolled = np.eye(24 + before)
    for name in ("mha1", "mha2", "mha3"):
        mixed = 0.5 * asked_of_keras(convnet, inputs, name).mean(axis=1) + 0.5 * np.eye(24 + before)
        rolled = mixed @ rolled
    row = rolled[:, 0, 1:] if before else rolled.mean(axis=1)
    ours = attention_rollout(convnet, inputs)
    assert ours.std() > 1e-4
    np.testing.assert_allclose(ours, row.reshape(2, 4, 6), rtol=1e-4, atol=1e-6)
    if not before:
        np.testing.assert_allclose(ours.sum(axis=(1, 2)), 1, rtol=1e-5)


def test_a_patch_that_every_token_reads_is_where_the_rollout_points(inputs):
    """With keys that only the patch in row 1, column 4 has, all queries look there."""
    convnet = transformer(blocks=1)
    mha = convnet.model.get_layer("mha1")
    mha._query_dense.kernel.assign(np.zeros((8, 2, 4)))
    mha._query_dense.bias.assign(np.ones((2, 4)))
    tokens = keras.Model(convnet.model.inputs[0], convnet.model.get_layer("norm1a").output)(inputs).numpy()
    away = tokens[0, 10] - tokens[0].mean(axis=0)
    mha._key_dense.kernel.assign(np.broadcast_to(40 * away[:, None, None], (8, 2, 4)))
    heat = attention_rollout(convnet, inputs[:1])[0]
    strongest = (tokens[0] @ away).argmax()
    assert heat.argmax() == strongest
    assert heat.ravel()[strongest] > 0.5


def test_models_without_attention_say_so(pooled, images):
    assert attention_layers(pooled) == ()
    assert "attention_rollout" not in methods_for(pooled)
    assert list(methods_for(transformer(blocks=1))) == list(METHODS)
    for function in (attention, attention_maps, attention_rollout):
        with pytest.raises(LayerError, match="no attention layer whose tokens are patches"):
            function(pooled, images)
    with pytest.raises(LayerError, match=r"Layer 'norm' is not an attention layer. Attention layers: mha1"):
        attention(transformer(blocks=1), np.zeros((1, 16, 24, 3), np.float32), layer="norm")


def test_the_model_is_left_as_found_after_a_failure(inputs):
    convnet = transformer(blocks=1)
    attention_layers(convnet)
    before = state(convnet.model)
    with pytest.raises(ValueError, match="shape"):
        attention(convnet, inputs[:, :8])
    assert state(convnet.model) == before
