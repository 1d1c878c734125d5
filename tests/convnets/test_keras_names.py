"""Does the gate's table of names still say what Keras has?"""

from keras_families import families, functions

from cnnviz.convnets.keras_names import ALLOWED, DENIED_LAYERS, DENIED_OPERATIONS, FUNCTIONS


def test_the_table_is_what_keras_has_but_for_the_denied():
    found = families()
    assert ALLOWED.keys() == found.keys()
    for module, names in found.items():
        assert ALLOWED[module] == names, f"keras.{module} has changed: run keras_families.py and look at what is new"
    assert functions() == FUNCTIONS


def test_what_is_denied_exists_and_is_not_allowed():
    import keras
    from keras.src.ops import core, linalg

    assert len(DENIED_LAYERS) == 8
    assert all(hasattr(keras.layers, name) for name in DENIED_LAYERS)
    assert all(hasattr(core, name) or hasattr(linalg, name) for name in DENIED_OPERATIONS)
    everything = frozenset().union(*ALLOWED.values())
    assert not everything & (DENIED_LAYERS | DENIED_OPERATIONS)
