"""Does the mistakes page show what a model gets wrong, on its example, on a person's own images, on broken ones?"""

import io
import re
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image
from reading_pages import finished, sentences

from cnnviz import mistakes
from cnnviz.convnets import load_convnet
from cnnviz.dashboard import store
from cnnviz.dashboard.components import Stroke, painted
from cnnviz.dashboard.mistakes.steps import Step
from cnnviz.datasets import load_dataset
from cnnviz.mistakes import EvaluationStore

SHIRT, T_SHIRT = 6, 0


def labels(app):
    return [button.label for button in app.button]


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()


@pytest.fixture
def opened(open_page):
    return lambda **parameters: finished(open_page("mistakes", **parameters))


@pytest.fixture(scope="module")
def fashion():
    dataset = load_dataset("fashion-sample")
    return mistakes.evaluate(load_convnet("fashion-cnn"), dataset.test, class_names=dataset.class_names)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def write_images(folder, classes, *, rows=28):
    """A folder a class with so many images of noise each."""
    rng = np.random.default_rng(0)
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (rows, rows, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def test_the_example_opens_by_itself_on_the_confusion_of_shirts(opened, fashion):
    app = opened()
    said = sentences(app)
    assert "An example: `fashion-cnn`" in said and "efficientnet-lite0" in said
    right = mistakes.accuracy(fashion)
    assert 0.5 < right.value < 1
    assert f"Accuracy **{100 * right.value:.0f} %**" in said and "interval 90 % to 94 %, 1,000 images" in said
    pair = mistakes.confused_pairs(fashion, most=1)[0]
    assert (pair.label, pair.predicted) in {(SHIRT, T_SHIRT), (T_SHIRT, SHIRT)}
    assert f": {pair.count}**" in said
    assert "Why?" in said
    assert app.get("plotly_chart")[0].proto.alt.startswith("Confusion matrix of 1000 images")


def test_the_nearest_images_are_training_images_where_there_are_some(opened, fashion):
    dataset = load_dataset("fashion-sample")
    train = mistakes.evaluate(load_convnet("fashion-cnn"), dataset.train, class_names=dataset.class_names)
    row = mistakes.mistakes(fashion, of=(SHIRT, T_SHIRT))[0]
    near = train.labels[mistakes.nearest(fashion, row, count=10, among=train).rows]
    most = int(np.bincount(near).argmax())
    said = sentences(opened(cell=f"{SHIRT}:{T_SHIRT}", item=int(fashion.indices[row])))
    count = int((near == most).sum())
    name = dataset.class_names[most]
    assert f"Of the 10 nearest training images, {count} are labeled {name}" in said
    assert f"Nearest training images labeled {dataset.class_names[SHIRT]}" in said
    assert "in this dataset" not in said


def test_training_images_are_nearest_in_the_set_itself_and_so_are_those_of_a_model_of_unknown_origin(
    opened, data, fashion
):
    said = sentences(opened(model="fashion-cnn", part="train"))
    assert "nearest images in this dataset" in said and "nearest training" not in said
    write_images(data / "mine", {"cat": 4, "dog": 4}, rows=32)
    said = sentences(opened(model="efficientnet-lite0", data="mine"))
    assert "Of the 7 nearest images in this dataset" in said


def test_a_link_opens_a_cell_and_a_image_of_it(opened, fashion):
    wrong = mistakes.cell(fashion, SHIRT, 4)
    index = int(fashion.indices[wrong[0]])
    app = opened(cell=f"{SHIRT}:4", item=index)
    assert app.session_state["cell"] == f"{SHIRT}:4" and app.session_state["item"] == str(index)
    assert f"**{fashion.class_names[SHIRT]} → {fashion.class_names[4]}: {len(wrong)}**" in sentences(app)


def test_a_cell_that_there_is_not_is_said_and_the_usual_one_is_shown(opened):
    app = opened(cell="99:3")
    assert not app.exception
    assert "cell '99:3'" in sentences(app)
    assert "→" in sentences(app)


def test_all_mistakes_one_class_and_each_kind_count_as_the_library_does(opened, fashion):
    app = opened(cell="all")
    assert "all mistakes" in labels(app) and not any("{" in label for label in labels(app))
    wrong = int((~fashion.is_right).sum())
    assert f"**all mistakes: {wrong}**" in sentences(app)
    counts = {"right": fashion.is_right.sum(), "unsure": fashion.is_unsure.sum(), "every": 1000}
    titles = {"right": "correct predictions", "unsure": "uncertain predictions", "every": "images"}
    for kind, count in counts.items():
        app.segmented_control(key="mistakes_kind").set_value(kind).run()
        assert not app.exception
        assert f"**all {titles[kind]}: {count:,}**" in sentences(app)
    app.selectbox(key="mistakes_class").set_value(SHIRT).run()
    assert app.session_state["cell"] == f"{SHIRT}:*"
    assert f"**images labeled {fashion.class_names[SHIRT]}: {(fashion.labels == SHIRT).sum()}**" in sentences(app)
    app.selectbox(key="mistakes_class").set_value(None).run()
    assert app.session_state["cell"] == "all"


def test_a_kind_chosen_in_a_cell_leaves_the_cell(opened, fashion):
    app = opened(cell=f"{SHIRT}:{T_SHIRT}")
    assert app.segmented_control(key="mistakes_kind").value == "every"
    app.segmented_control(key="mistakes_kind").set_value("right").run()
    assert f"**all correct predictions: {fashion.is_right.sum()}**" in sentences(app)


def test_a_search_finds_classes_by_a_part_of_their_name(opened, fashion):
    app = opened(cell="all")
    app.text_input(key="mistakes_search").set_value("SANDAL sneaker").run()
    sandal, sneaker = (fashion.class_names.index(name) for name in ("Sandal", "Sneaker"))
    pairs = [{int(label), int(said)} for label, said in zip(fashion.labels, fashion.predicted, strict=True)]
    count = sum({sandal, sneaker} == pair for pair in pairs)
    assert count
    assert f"**all mistakes: {count}**" in sentences(app)
    app.text_input(key="mistakes_search").set_value("no such thing").run()
    assert "No images match" in sentences(app)
    assert not app.exception


@pytest.mark.parametrize("order", ["confidence", "loss", "margin", "surprise", "shuffle"])
def test_the_first_image_of_an_order_is_on_the_card(opened, fashion, order):
    app = opened(cell="all")
    app.selectbox(key="mistakes_order").set_value(order).run()
    assert not app.exception
    row = mistakes.mistakes(fashion, order=order)[0]
    true = fashion.class_names[fashion.labels[row]]
    verdict = next(element.value for element in app.markdown if f", {true} " in element.value)
    assert verdict.startswith(("**Confidently wrong", "**Wrong", "**Uncertain and wrong"))


def test_a_model_is_shown_on_the_images_of_its_own_kind(opened):
    app = opened(model="lenet5-mnist")
    said = sentences(app)
    assert app.selectbox(key="data").value == "mnist-5k"
    assert "An example" not in said
    assert "1,000 images" in said
    assert "learned from these" not in said


def test_images_that_were_learned_from_are_said_to_flatter(opened):
    app = opened(model="lenet5-mnist", part="train")
    assert not app.exception
    if "Ask about all" in " ".join(labels(app)):
        press(app, next(label for label in labels(app) if label.startswith("Evaluate")))
        finished(app)
    assert "The model was trained on these images" in sentences(app)


def test_numbers_by_class_are_folded_away_until_they_are_wanted(opened):
    app = opened()
    assert not app.dataframe
    app.session_state["numbers"] = True
    app.run()
    assert not app.exception


def test_own_images_with_other_names_are_mapped_by_guess_and_by_hand(opened, data):
    write_images(data / "mine", {"shirts": 3, "bags": 2, "submarines": 2})
    app = opened(model="fashion-cnn", data="mine")
    said = sentences(app)
    assert ", 5 images" in said
    assert "2 images of submarines are left out" in said
    app.session_state[f"stands for {load_convnet('fashion-cnn').fingerprint} submarines"] = [7]
    finished(app.run())
    assert ", 7 images" in sentences(app)


def test_a_class_that_stands_for_two_is_explained(opened, data):
    write_images(data / "mine", {"shirts": 2, "submarines": 2})
    app = opened(model="fashion-cnn", data="mine")
    app.session_state[f"stands for {load_convnet('fashion-cnn').fingerprint} submarines"] = [SHIRT]
    app.run()
    assert not app.exception
    assert "stands for two classes" in sentences(app)


def test_names_without_any_counterpart_ask_for_a_mapping(opened, data):
    write_images(data / "mine", {"kumquats": 2, "submarines": 2})
    app = opened(model="fashion-cnn", data="mine")
    assert "Map them manually" in sentences(app)


def test_a_zip_of_one_class_and_one_image_opens(opened, data):
    folder = write_images(data / "one", {"Shirt": 1})
    with zipfile.ZipFile(data / "one.zip", "w") as archive:
        archive.write(folder / "Shirt" / "0.png", "Shirt/0.png")
    app = opened(model="fashion-cnn", data="one.zip")
    assert not app.exception
    assert ", 1 image" in sentences(app)


def test_unreadable_files_are_counted_with_the_reason(opened, data):
    folder = write_images(data / "mine", {"Shirt": 2, "Bag": 2})
    (folder / "Bag" / "notes.txt").write_text("no image")
    app = opened(model="fashion-cnn", data="mine")
    assert "1 image could not be read: " in sentences(app)


@pytest.mark.parametrize("classes", [{}, {"Shirt": 0}])
def test_a_folder_without_images_says_what_would_do(opened, data, classes):
    write_images(data / "mine", classes) if classes else (data / "mine").mkdir()
    app = opened(model="fashion-cnn", data="mine")
    assert not app.exception
    assert "Make one folder per class" in sentences(app)


def test_a_model_without_classes_and_one_with_nan_are_explained(opened, tmp_path):
    import keras

    maps = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(2, 3)])
    broken = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    broken.add(keras.layers.Softmax())
    broken.layers[1].kernel.assign(np.full((784, 10), np.nan))
    for model, sentence in ((maps, "no class scores"), (broken, "NaN")):
        model.save(tmp_path / "made.keras")
        name = store.put_model("made.keras", (tmp_path / "made.keras").read_bytes())
        app = opened(model=name, data="fashion-sample")
        assert not app.exception
        assert sentence in sentences(app)


def test_answers_that_were_kept_are_there_at_once(open_page):
    dataset = load_dataset("fashion-sample")
    mistakes.evaluate(
        load_convnet("fashion-cnn"), dataset.validation, class_names=dataset.class_names, store=EvaluationStore()
    )
    app = open_page("mistakes", model="fashion-cnn", part="validation")
    assert "Cancel" not in labels(app)
    assert f", {len(dataset.validation):,} images" in sentences(app)


def bars_of(app):
    """Probabilities on the card, as the sentence under them says."""
    return next(
        text for text in sentences(app).splitlines() if text.startswith(("Still predicted as", "The prediction flips"))
    )


def test_edits_are_listed_and_each_can_be_taken_off(opened):
    app = opened(model="fashion-cnn")
    assert "It still says" not in sentences(app)
    app.button(key="hide_hottest").click().run()
    hidden = bars_of(app)
    app.slider(key="strength blur").set_value(1.0).run()
    blurred = bars_of(app)
    assert hidden != blurred
    assert {"hottest region masked", "blur 1"} <= set(labels(app))
    app.button(key="take off 0").click().run()
    assert "hottest region masked" not in labels(app) and "blur 1" in labels(app)
    assert bars_of(app) != blurred
    app.slider(key="strength blur").set_value(0.0).run()
    assert "It still says" not in sentences(app) and "blur 0" not in labels(app)
    assert not app.exception


def test_the_last_edit_is_undone_and_all_of_them_at_once(opened):
    app = opened(model="fashion-cnn")
    app.pills(key="edit_kind").set_value("mask").run()
    app.button(key="take_box").click().run()
    app.pills(key="edit_kind").set_value("crop").run()
    app.button(key="take_box").click().run()
    assert {"masked", "cropped"} <= set(labels(app))
    app.button(key="undo").click().run()
    assert "cropped" not in labels(app) and "masked" in labels(app)
    app.button(key="start_over").click().run()
    assert "masked" not in labels(app) and "Undo" not in labels(app)
    assert not app.exception


def test_every_edit_reaches_the_answer_as_the_library_computes_it(opened, fashion):
    from cnnviz.mistakes import perturbations
    from cnnviz.probes import predict

    convnet, test = load_convnet("fashion-cnn"), load_dataset("fashion-sample").test
    app = opened(model="fashion-cnn")
    row = mistakes.mistakes(
        fashion, of=(T_SHIRT, SHIRT) if "0:6" in str(app.session_state["cell"]) else (SHIRT, T_SHIRT)
    )[0]
    photo = test.photo(int(fashion.indices[row])).repeat(3, axis=-1)
    for kind, slider in perturbations.SLIDERS.items():
        strength = (slider.low + 3 * slider.high) / 4 if kind != "jpeg" else 5
        app.pills(key="edit_kind").set_value(kind).run()
        app.slider(key=f"strength {kind}").set_value(strength).run()
        assert not app.exception
        expected = predict(convnet, convnet.prepare([slider.edit(convnet.fit(photo), strength)]))[0]
        assert f"{100 * expected.max():.0f} %" in bars_of(app), kind
        app.button(key="start_over").click().run()


def paint(app, key, strokes):
    """What the brush does to an image; the test runner moves no pen."""
    app.session_state[key] = (*app.session_state[key], Step("brush", 1.0, strokes=strokes))
    return app.run()


def test_what_the_brush_covers_reaches_the_answer_beside_the_other_edits_and_can_be_undone(opened, fashion):
    from cnnviz.mistakes import perturbations
    from cnnviz.probes import predict

    convnet = load_convnet("fashion-cnn")
    row = mistakes.mistakes(fashion, of=(SHIRT, T_SHIRT))[0]
    index = int(fashion.indices[row])
    test = load_dataset("fashion-sample").test
    photo = test.photo(index).repeat(3, axis=-1)
    app = opened(model="fashion-cnn", cell=f"{SHIRT}:{T_SHIRT}", item=index)
    app.slider(key="strength blur").set_value(1.0).run()
    app.pills(key="edit_kind").set_value("brush").run()
    strokes = (Stroke(6.0, False, ((4.0, 14.0), (24.0, 14.0))),)
    paint(app, f"_steps {convnet.fingerprint} {test.fingerprint[:16]}:{index}", strokes)
    blurred, hidden = perturbations.blur(photo, 1.0), painted(strokes, 28, 28)
    assert 100 < hidden.sum() < 200
    for strength in (1.0, 0.5):
        app.slider(key="strength brush").set_value(strength).run()
        answers = predict(convnet, convnet.prepare([perturbations.mask(blurred, strength * hidden)]))[0]
        assert f"{100 * answers.max():.0f} %" in bars_of(app)
    assert {"painted over", "blur 1"} <= set(labels(app))
    press(app, "Sweep: brush")
    finished(app)
    assert "prediction flips at" in sentences(app) or "stays the same over the whole range" in sentences(app)
    app.button(key="undo").click().run()
    assert "painted over" not in labels(app) and "blur 1" in labels(app)
    assert not app.exception


def test_a_sweep_draws_its_curve_and_says_where_the_answer_flips(opened):
    app = opened(model="fashion-cnn")
    press(app, "Sweep: blur")
    finished(app)
    assert "prediction flips at" in sentences(app) or "stays the same over the whole range" in sentences(app)
    assert any("over the strength" in chart.proto.alt for chart in app.get("plotly_chart"))


def test_the_smallest_patch_is_found_and_covering_it_flips_the_answer(opened):
    app = opened(model="fashion-cnn")
    press(app, "Find the smallest patch that flips the prediction")
    finished(app)
    if "No patch up to" not in sentences(app):
        app.button(key="cover_patch").click().run()
        assert "The prediction flips from" in sentences(app)
    assert not app.exception


def test_a_model_without_maps_still_has_its_card(opened):
    app = opened(model="mnist_dense", data="mnist-5k")
    assert "has no feature maps" in sentences(app)
    assert app.button(key="hide_hottest").disabled
    app.slider(key="strength blur").set_value(2.0).run()
    assert bars_of(app)


def test_the_mean_map_of_a_cell_stands_beside_that_of_right_answers(opened, fashion):
    app = opened(show="mean", cell=f"{SHIRT}:{T_SHIRT}")
    said = sentences(app)
    assert "of the evidence lies" in said and "In correct predictions it is" in said
    assert app.session_state["show"] == "mean"
    app.selectbox(key="cell").set_value("8:8").run()
    finished(app)
    assert "In correct predictions" not in sentences(app) and "of the evidence lies" in sentences(app)


def test_suspects_are_those_of_the_library_and_the_first_is_on_the_card(opened, fashion):
    app = opened(show="suspects")
    found = mistakes.find_label_issues(fashion)
    assert len(found.rows) > 1
    assert f"**{len(found.rows):,} likely label issues**" in sentences(app)
    assert "Why?" in sentences(app)
    press(app, "Find near-duplicates in the training images")
    finished(app)
    assert re.search(r"\d+ pairs of near-duplicates", sentences(app))
    press(app, "Find outliers")
    finished(app)
    assert re.search(r"\d+ outliers", sentences(app))


def test_a_copy_in_a_folder_is_found(opened, data):
    folder = write_images(data / "mine", {"Shirt": 3, "Bag": 2})
    shutil.copy(folder / "Shirt" / "0.png", folder / "Bag" / "copy.png")
    app = opened(model="fashion-cnn", data="mine", show="suspects")
    press(app, "Find near-duplicates")
    finished(app)
    assert "1 pair of near-duplicates" in sentences(app)


def test_the_map_shows_every_image_and_what_a_lasso_caught(opened, fashion):
    app = opened(show="map")
    assert any(chart.proto.alt.startswith("1,000 images as points") for chart in app.get("plotly_chart"))
    assert "Why?" not in sentences(app)
    app.session_state["item"] = str(fashion.indices[3])
    app.run()
    assert not app.exception
    assert "Why?" in sentences(app)


def test_neighbors_are_laid_out_on_request(opened, data):
    write_images(data / "mine", {"Shirt": 4, "Bag": 4})
    app = opened(model="fashion-cnn", data="mine", show="map")
    app.segmented_control(key="map_how").set_value("tsne").run()
    press(app, "Run t-SNE on 8 images")
    finished(app)
    assert "distances between clusters mean nothing" in sentences(app)


def test_two_models_are_compared_image_by_image(opened, data):
    folder = data / "mine"
    test = load_dataset("mnist-5k").test
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
    for index in range(0, 1000, 50):
        Image.fromarray(test.photo(index)[..., 0]).save(folder / str(test.labels[index]) / f"{index}.png")
    app = opened(model="lenet5-mnist", data="mine", show="compare")
    assert "Both models are evaluated" in sentences(app)
    app.selectbox(key="rival").set_value("fashion-cnn").run()
    finished(app)
    data = mistakes.open_labeled(folder)
    before, now = (
        mistakes.evaluate(load_convnet(name), data.part, class_names=data.class_names)
        for name in ("lenet5-mnist", "fashion-cnn")
    )
    found = mistakes.agreement(before, now)
    assert len(found.new) > len(found.fixed)  # who knows clothes does not know digits
    said = sentences(app)
    fixed, new = len(found.fixed), len(found.new)
    assert f"fashion-cnn corrects {fixed} mistakes and makes {new} new ones" in said
    assert "fashion-cnn is worse" in said


@pytest.fixture(scope="module")
def subject():
    from cnnviz.dashboard.mistakes.subject import Subject
    from cnnviz.dashboard.sets import offered
    from cnnviz.dashboard.state import Selection

    convnet = load_convnet("fashion-cnn")
    selection = Selection(convnet, "", np.zeros((28, 28, 3), np.uint8), (), None, None)
    guess = mistakes.MappingGuess(tuple((index,) for index in range(10)), None)
    data = mistakes.open_labeled("fashion-sample", part="test")
    return Subject(selection, offered()["fashion-sample"], data, "test", guess, False, None, None, False)


def test_a_bundle_opens_offline_and_holds_numbers_code_and_fingerprints(subject, fashion):
    from cnnviz.dashboard.mistakes import export
    from cnnviz.heatmaps import grad_cam

    rows = mistakes.mistakes(fashion, of=(SHIRT, T_SHIRT))[:3].tolist()
    archive = zipfile.ZipFile(io.BytesIO(export.bundle(subject, fashion, rows, title="<b>Shirts</b>")))
    page = archive.read("index.html").decode()
    assert page.count("data:image/png;base64,") == 9 and "http:" not in page and "https:" not in page
    assert "<b>" not in page and "&lt;b&gt;Shirts" in page
    assert fashion.network_fingerprint in page and fashion.data_fingerprint in page
    assert sum(name.startswith("images/") for name in archive.namelist()) == 9
    numbers = np.load(io.BytesIO(archive.read("numbers.npz")))
    np.testing.assert_array_equal(numbers["indices"], fashion.indices[rows])
    photo = subject.images.photo(int(fashion.indices[rows[1]])).repeat(3, axis=-1)
    convnet = subject.selection.convnet
    heat = grad_cam(convnet, convnet.prepare([photo]), class_index=T_SHIRT)[0]
    assert heat.max() > 0
    np.testing.assert_allclose(numbers["answer_maps"][1], heat, rtol=1e-4, atol=1e-6)
    assert not np.allclose(numbers["answer_maps"], numbers["label_maps"])


def test_the_code_of_a_bundle_runs(subject, fashion, capsys):
    from cnnviz.dashboard.mistakes import export

    exec(compile(export.code_of(subject, fashion, [0]), "view.py", "exec"), {})
    index, share, heat = capsys.readouterr().out.split()
    assert int(index) == fashion.indices[0] and float(heat) > 0
    assert float(share) == pytest.approx(float(fashion.confidence[0]), abs=1e-4)
