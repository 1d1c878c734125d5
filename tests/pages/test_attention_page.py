"""What do the pages show of a vision transformer: its grid of patches, attention, rollout?"""

import keras
import pytest
from reading_pages import sentences

from cnnviz.dashboard import store


@pytest.fixture(autouse=True, scope="module")
def _own_folders(tmp_path_factory):
    """One folder for all tests here, so that each model is opened once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def vit(_own_folders):
    from pathlib import Path

    return store.put_model("vit.keras", Path("tests/cases/models/vit.keras").read_bytes())


@pytest.fixture(scope="module")
def rows(_own_folders, tmp_path_factory):
    image = keras.Input((12, 12, 3))
    x = keras.layers.GRU(4, name="rows")(keras.layers.Reshape((12, 36), name="as_rows")(image))
    path = tmp_path_factory.mktemp("rows") / "rows.keras"
    keras.Model(image, keras.layers.Dense(3, activation="softmax", name="scores")(x)).save(path)
    return store.put_model("rows.keras", path.read_bytes())


def test_the_heatmaps_page_draws_attention_and_its_rollout(open_page, vit):
    app = open_page("heatmaps", model=vit)
    assert not app.exception
    assert "Layer norm, 4 × 4 cells. 16 tokens as a 4 × 4 grid of patches." in sentences(app)
    assert "attention is not explanation" in sentences(app)
    assert [header.value for header in app.header][:1] == ["Attention"]
    query = next(box for box in app.selectbox if box.label == "Query")
    assert query.options[:2] == ["mean over all patches", "patch in row 1, column 1"]
    query.set_value(5).run()
    assert not app.exception
    app = open_page("heatmaps", model=vit, method="attention_rollout")
    assert not app.exception
    assert "Combines all attention layers" in sentences(app)


def test_the_activations_page_says_what_the_grid_is(open_page, vit):
    app = open_page("activations", model=vit, layer="norm")
    assert not app.exception
    assert "16 tokens as a 4 × 4 grid of patches." in sentences(app)
    assert "4 × 4 × 16" in sentences(app)


def test_convnets_have_no_attention(open_page):
    app = open_page("heatmaps")
    assert not app.exception
    assert "Attention" not in [header.value for header in app.header]


@pytest.mark.parametrize("page", ["activations", "heatmaps", "filters", "overview"])
def test_a_model_that_reads_rows_one_by_one_has_no_maps_and_says_so(open_page, rows, page):
    app = open_page(page, model=rows, **({"method": "grad_cam"} if page == "heatmaps" else {}))
    assert not app.exception
    if page == "heatmaps":
        assert "none of its layers keeps the image's rows and columns" in sentences(app)
