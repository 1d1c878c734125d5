"""Does an exported model answer as it did in its run, wherever it is opened?"""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import cnnviz
from cnnviz.errors import RunError
from cnnviz.runs import open_run
from cnnviz.training import carry_out, create_run
from cnnviz.training.export import CLASS_NAMES, FORMATS, export_run

NAMES = {"keras": "net.keras", "h5": "net.h5", "weights": "net.weights.h5", "saved-model": "net"}


@pytest.fixture(scope="module")
def finished(shapes, tmp_path_factory):
    """A run of a model for ten classes: so many has the architecture that weights are put back into."""
    import shutil

    from cnnviz.training import Recipe

    folder = tmp_path_factory.mktemp("ten")
    for number, image in enumerate(sorted(shapes.glob("*/*.png"))):
        place = folder / f"class {number % 10}" / image.parent.name
        place.parent.mkdir(exist_ok=True)
        shutil.copy(image, f"{place}-{image.name}")
    recipe = Recipe("lenet5", str(folder), "lenet5", 1, batch_size=16, snapshots=0, has_tensorboard=False)
    return carry_out(create_run(recipe, folder=tmp_path_factory.mktemp("runs")))


@pytest.fixture
def photos(rng):
    return [rng.integers(0, 256, (28, 28, 3), dtype=np.uint8) for _ in range(4)]


def answers(convnet, photos):
    return cnnviz.predict(convnet, convnet.prepare(photos))


@pytest.mark.parametrize(("format", "architecture"), [("keras", None), ("h5", None), ("weights", "lenet5")])
def test_a_file_opens_like_any_model_and_answers_the_same(finished, photos, tmp_path, format, architecture):
    path = export_run(finished, tmp_path / NAMES[format], format=format)
    original, opened = cnnviz.load_convnet(finished.path), cnnviz.load_convnet(path, architecture=architecture)
    expected = answers(original, photos)
    assert expected.std(axis=0).max() > 1e-3  # the images differ, and so do the answers
    np.testing.assert_allclose(answers(opened, photos), expected, atol=1e-5)
    assert opened.class_names == original.class_names == tuple(f"class {number}" for number in range(10))


def test_a_saved_model_is_called_by_itself_in_another_process(finished, photos, tmp_path):
    path = export_run(finished, tmp_path / "net", format="saved-model")
    original = cnnviz.load_convnet(finished.path)
    inputs = original.prepare(photos)
    np.save(tmp_path / "inputs.npy", inputs)
    code = (
        "import sys, numpy as np, tensorflow as tf; served = tf.saved_model.load(sys.argv[1]);"
        "inputs = tf.constant(np.load(sys.argv[2]));"
        "(named,) = served.signatures['serving_default'](inputs).values();"
        "np.save(sys.argv[3], np.stack([served.serve(inputs), named]))"
    )
    words = [str(tmp_path / name) for name in ("net", "inputs.npy", "answers.npy")]
    subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)
    for served in np.load(tmp_path / "answers.npy"):
        np.testing.assert_allclose(served, cnnviz.predict(original, inputs), atol=1e-5)
    assert json.loads((path / CLASS_NAMES).read_text()) == list(original.class_names)


def test_what_is_there_stays_and_nothing_is_left_behind(finished, tmp_path):
    (tmp_path / "net.keras").write_text("mine")
    with pytest.raises(RunError, match="already exists"):
        export_run(finished, tmp_path / "net.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["net.keras"]
    assert (tmp_path / "net.keras").read_text() == "mine"


@pytest.mark.parametrize(
    ("format", "name"), [("keras", "net.h5"), ("h5", "net.keras"), ("h5", "net.weights.h5"), ("weights", "net.h5")]
)
def test_a_name_that_does_not_fit_is_refused(finished, tmp_path, format, name):
    with pytest.raises(RunError, match=f"'{name}' does not fit the format {format}. Choose a name that ends in"):
        export_run(finished, tmp_path / name, format=format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_place_that_cannot_be_written_is_told(finished, tmp_path, format):
    with pytest.raises(RunError, match="cannot be written"):
        export_run(finished, tmp_path / "gone" / NAMES[format], format=format)


def test_a_run_without_a_model_is_told(finished, tmp_path):
    path = create_run(recipe_of(finished), folder=tmp_path)
    with pytest.raises(RunError, match="has not finished an epoch"):
        export_run(open_run(path), tmp_path / "net.keras")
    with pytest.raises(RunError, match=r"There is no format 'onnx'\. There are: keras, h5, saved-model, weights."):
        export_run(finished, tmp_path / "net.onnx", format="onnx")


def recipe_of(run):
    from cnnviz.training import recipe_from_json

    return replace(recipe_from_json(run.recipe), name="new")
