"""Are the weights along the way found again, whole ones only, and in order?"""

import numpy as np
import pytest

from cnnviz.runs import snapshot_path, snapshots


def test_weights_are_listed_by_epoch_and_what_is_half_written_is_left_out(tmp_path):
    folder = tmp_path / "snapshots"
    folder.mkdir()
    for name in ("epoch-000012.weights.h5", "epoch-000000.weights.h5", "epoch-000003.weights.h5"):
        (folder / name).touch()
    for name in (".1f.weights.h5", "epoch-000004.h5", "epoch-x.weights.h5", "notes.txt"):
        (folder / name).touch()
    found = snapshots(tmp_path)
    assert list(found) == [0, 3, 12]
    assert all(snapshot_path(tmp_path, epoch) == path for epoch, path in found.items())


def test_a_run_without_snapshots_has_none(tmp_path):
    assert snapshots(tmp_path) == {}


@pytest.fixture
def model():
    import keras

    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, name="answer")])


def test_what_was_kept_is_what_the_model_was(tmp_path, model):
    from cnnviz.training.weights import save_snapshot

    kept = [weights.copy() for weights in model.get_weights()]
    assert np.ptp(kept[0]) > 0
    save_snapshot(model, snapshot_path(tmp_path, 3))
    model.set_weights([weights + 1 for weights in kept])
    model.load_weights(snapshots(tmp_path)[3])
    for mine, theirs in zip(model.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["epoch-000003.weights.h5"]


def test_a_disk_that_takes_no_weights_is_left_as_it_was(tmp_path, model, monkeypatch):
    from cnnviz.training.weights import save_snapshot

    def full(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "save_weights", full)
    with pytest.raises(OSError, match="No space left"):
        save_snapshot(model, snapshot_path(tmp_path, 1))
    assert list((tmp_path / "snapshots").iterdir()) == []


@pytest.mark.parametrize(("epochs", "most"), [(12, 12), (100, 12), (3, 12), (500, 5)])
def test_chosen_epochs_are_dense_at_first_bounded_and_hold_the_last(model, epochs, most):
    from cnnviz.training import Recipe
    from cnnviz.training.weights import snapshot_epochs

    chosen = sorted(snapshot_epochs(model, Recipe("a", "b", "lenet5", epochs, snapshots=most)))
    assert chosen[0] == 1 and chosen[-1] == epochs
    assert 1 < len(chosen) <= most
    steps = np.diff(chosen)
    assert steps[0] == steps.min() >= 1
