import collections
import io
import os
import pickle
import struct

import numpy as np
import pytest

from cnnviz.convnets.efficientnet_lite0 import efficientnet_lite0, read_tensors
from cnnviz.errors import ModelFileError
from cnnviz.images import read_photo, sample_photos
from cnnviz.probes import predict


class Named:
    """Pickles as a name of a module that need not be there."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class TorchPickler(pickle._Pickler):
    """Writes tensors' descriptions as PyTorch did before 1.6."""

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Named):
            self.write(b"c" + f"{value.module}\n{value.name}\n".encode())
        else:
            super().save(value, save_persistent_id)

    def persistent_id(self, value):
        return value[1:] if isinstance(value, tuple) and value[:1] == ("a storage",) else None


class Tensor:
    def __init__(self, key, offset, size, stride, storage="FloatStorage"):
        self.arguments = (("a storage", "storage", Named("torch", storage), key, "cpu", 12), offset, size, stride)

    def __reduce_ex__(self, _):
        return Rebuild(), (*self.arguments, False, collections.OrderedDict())


class Rebuild(Named):
    def __init__(self):
        super().__init__("torch._utils", "_rebuild_tensor_v2")

    def __call__(self):
        """Only here because a pickler insists on it."""


def tensor_file(tensors, storages):
    """Bytes of a file with some tensors over some storages."""
    file = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, collections.OrderedDict(tensors)):
        TorchPickler(file, 2).dump(part)
    pickle.dump(list(storages), file, 2)
    for values in storages.values():
        file.write(struct.pack("<q", len(values)) + values.tobytes())
    return file.getvalue()


NUMBERS = np.arange(12, dtype=np.float32)
GOOD = tensor_file({"w": Tensor("0", 2, (2, 3), (3, 1)), "turned": Tensor("0", 0, (3, 2), (1, 3))}, {"0": NUMBERS})


def written(tmp_path, data):
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    return path


def test_reads_tensors_with_their_offsets_and_strides(tmp_path):
    tensors = read_tensors(written(tmp_path, GOOD))
    np.testing.assert_array_equal(tensors["w"], [[2, 3, 4], [5, 6, 7]])
    np.testing.assert_array_equal(tensors["turned"], [[0, 3], [1, 4], [2, 5]])


def test_every_truncation_is_refused(tmp_path):
    for length in range(0, len(GOOD), 7):
        with pytest.raises(ModelFileError, match=r"weights\.pth is not a tensor file this reader knows"):
            read_tensors(written(tmp_path, GOOD[:length]))
    with pytest.raises(ModelFileError):
        read_tensors(written(tmp_path, GOOD[:-1]))


class Canary:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("position", range(4))
def test_no_code_of_a_hostile_file_runs(tmp_path, position):
    canary = tmp_path / "canary"
    hostile = pickle.dumps(Canary(canary), 2)
    pickle.loads(hostile)
    canary.rmdir()  # it was there: the pickle is a live one
    harmless = pickle.dumps(0, 2) * position
    with pytest.raises(ModelFileError, match="Reinstall its package"):
        read_tensors(written(tmp_path, harmless + hostile + GOOD))
    assert not canary.exists()


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor("0", 8, (2, 3), (3, 1)),  # past the end
        Tensor("1", 0, (2,), (1,)),  # a storage that is not there
        Tensor("0", 0, (2,), (1, 1)),  # sizes without strides
        Tensor("0", 0, (2,), (1,), "HalfStorage"),  # numbers this reader does not know
    ],
)
def test_forged_descriptions_are_refused(tmp_path, tensor):
    with pytest.raises(ModelFileError):
        read_tensors(written(tmp_path, tensor_file({"w": tensor}, {"0": NUMBERS})))


# Figures of the published weights in another implementation.
@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("chelsea", {285: 0.385, 282: 0.332, 281: 0.163}),
        ("coffee", {967: 0.940}),
        ("motorcycle", {665: 0.722}),
        ("rocket", {657: 0.223}),
    ],
)
def test_sees_what_the_published_model_sees(lite0, photo, expected):
    probabilities = predict(lite0, lite0.prepare([read_photo(sample_photos()[photo])]))[0]
    assert probabilities.argsort()[::-1][: len(expected)].tolist() == list(expected)
    assert {index: round(float(probabilities[index]), 3) for index in expected} == expected


def test_other_sizes_have_the_same_weights():
    assert efficientnet_lite0(64).count_params() == 4_694_024
