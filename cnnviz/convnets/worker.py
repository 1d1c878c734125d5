"""Sandboxed process that loads an untrusted model file and runs it once; started by `rehearsal`.

    python -m cnnviz.convnets.worker FILE FOLDER MEMORY_BYTES CPU_SECONDS

The answer is written to FOLDER as JSON; a process that dies without one has answered too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz.confinement import code_folders, confine_files, limit_resources
from cnnviz.convnets.rehearsal import ANSWER, READY

if TYPE_CHECKING:
    import keras

_FREE_SIDE = 224
_MAX_WRITTEN_BYTES = 64 * 2**20


def main(arguments: list[str]) -> None:
    """Load and run one file under limits, and write down what came of it."""
    path, folder = Path(arguments[0]), Path(arguments[1])
    limit_resources(memory_bytes=int(arguments[2]), cpu_seconds=int(arguments[3]), file_bytes=_MAX_WRITTEN_BYTES)
    from cnnviz.convnets.files import open_model_file
    from cnnviz.errors import ModelFileError

    _warm_up()
    (folder / READY).touch()
    confine_files(readable=[*code_folders(), path.parent], writable=[folder])
    try:
        answer = _try_out(open_model_file(path))
    except ModelFileError as error:
        answer = {"refused": str(error)}
    except Exception as error:  # noqa: BLE001  # Keras passes on whatever a layer raises when it runs
        answer = {"refused": f"The model cannot run on one image ({type(error).__name__}). It is not opened."}
    (folder / ANSWER).write_text(json.dumps(answer))


def _warm_up() -> None:
    """Let TensorFlow start its threads and read the machine while it still may."""
    import keras

    keras.ops.convert_to_numpy(keras.ops.zeros(1))


def _try_out(model: keras.Model) -> dict[str, Any]:
    """Run a model once on zeros, if one image is what it takes."""
    import keras

    from cnnviz.convnets.finite_weights import count_not_finite_weights

    inputs = [tuple(tensor.shape) for tensor in keras.tree.flatten(getattr(model, "inputs", None) or [])]
    outputs: list[Any] = []
    if len(inputs) == 1 and (len(inputs[0]) == 4 or all(inputs[0][1:])):
        shape = [inputs[0][0] or 1, *(side or _FREE_SIDE for side in inputs[0][1:])]
        outputs = keras.tree.flatten(model(keras.ops.zeros(shape), training=False))
    return {
        "inputs": inputs,
        "outputs": [tuple(output.shape) for output in outputs],
        "not_finite": count_not_finite_weights(model),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
