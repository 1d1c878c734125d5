"""Reads from Keras itself which names a model file may speak of; `keras_names.py` must hold the same.

Rewrite the table after a Keras release: PYTHONPATH=. python tests/convnets/keras_families.py, then look at what is new.
"""

import importlib
import inspect
import pkgutil
import sys
import textwrap

from cnnviz.convnets.keras_names import DENIED_LAYERS, DENIED_OPERATIONS, DENIED_QUANTIZERS

OPERATION_MODULES = ("core", "einops", "image", "linalg", "math", "nn", "numpy")


def families() -> dict[str, set[str]]:
    """Names by the module below `keras.` or `keras.src.` in which Keras looks for them."""
    import keras
    from keras.src.initializers import ALL_OBJECTS_DICT

    return {
        "models": {"Functional", "Model", "Sequential"},
        "layers": _classes(keras.layers) - DENIED_LAYERS,
        "initializers": _classes(keras.initializers) | set(ALL_OBJECTS_DICT),
        "regularizers": _classes(keras.regularizers),
        "constraints": _classes(keras.constraints),
        "dtype_policies": _classes(keras.dtype_policies),
        "quantizers": _classes(keras.quantizers) - DENIED_QUANTIZERS,
        "random": _classes(keras.random),
        "losses": _classes(keras.losses),
        "metrics": _classes(keras.metrics),
        "optimizers": _classes(keras.optimizers, keras.optimizers.schedules),
        **{f"ops.{name}": _own_classes(f"ops.{name}") - DENIED_OPERATIONS for name in OPERATION_MODULES},
        **_application_layers(),
    }


def functions() -> set[str]:
    """Losses and metrics that Keras saves by the name of a function."""
    import keras

    found = {
        name
        for space in (keras.losses, keras.metrics)
        for name, item in vars(space).items()
        if inspect.isfunction(item)
    }
    return found - {"get", "serialize", "deserialize"}


def _classes(*spaces) -> set[str]:
    found = [(name, item) for space in spaces for name, item in vars(space).items() if inspect.isclass(item)]
    return {name for name, _ in found} | {item.__name__ for _, item in found}


def _own_classes(module: str) -> set[str]:
    from keras.src.ops.operation import Operation

    members = vars(importlib.import_module(f"keras.src.{module}")).items()
    return {
        name
        for name, item in members
        if inspect.isclass(item) and issubclass(item, Operation) and item.__module__.endswith(module)
    }


def _application_layers() -> dict[str, set[str]]:
    import keras.src.applications

    names = [info.name for info in pkgutil.iter_modules(keras.src.applications.__path__)]
    found = {f"applications.{name}": _own_classes(f"applications.{name}") for name in names if "_test" not in name}
    return {module: classes for module, classes in found.items() if classes}


def _source() -> str:
    def table(names: set[str], indent: str) -> str:
        return textwrap.fill(
            " ".join(sorted(names)), 118, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )

    entries = [
        f'    "{module}": _names("""\n{table(names, "        ")}\n    """),' for module, names in families().items()
    ]
    body = "\n".join(entries)
    return f'ALLOWED = {{\n{body}\n}}\n\nFUNCTIONS = _names("""\n{table(functions(), "    ")}\n""")'


if __name__ == "__main__":
    sys.stdout.write(_source())
