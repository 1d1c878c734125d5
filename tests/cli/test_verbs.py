"""Does each verb print, and write, what the library says?"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz.cli.output import table
from cnnviz.convnets import catalog
from cnnviz.convnets.catalog import build_untrained
from cnnviz.images import color, png_bytes

CASES = Path(__file__).parents[1] / "cases"
GAIN, SIZE = 6.0, 16  # of the model in conftest


def read(path):
    return np.asarray(Image.open(path))


def test_models_lists_the_whole_catalog(cnnviz):
    lines = cnnviz("models").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(catalog())
    assert lines[1].split()[-1] == "-"  # nothing to download for the first
    assert len({len(line) for line in lines}) == 1  # a table: its last column ends at one place


def test_models_tells_programs_what_is_downloaded(cnnviz):
    listed = {entry["name"]: entry for entry in json.loads(cnnviz("models", "--json").out)["models"]}
    assert listed["vgg16"]["download_megabytes"] == 528
    assert listed["vgg16"]["input_shape"] == [224, 224, 3]
    assert listed["efficientnet-lite0"]["is_offline"] and not listed["vgg16"]["is_offline"]


def test_layers_counts_as_by_hand(cnnviz, network):
    table, sums = cnnviz("layers", "--model", network).out.split("\n\n")
    rows = [re.split("  +", line) for line in table.splitlines()]
    assert rows[1] == ["mix", "Conv2D", "16 x 16 x 4", "16", "3,072", "1 x 1"]  # 3 * 4 + 4 weights; 16 * 16 * 12
    assert rows[3] == ["scores", "Dense", "3", "15", "12", "16 x 16"]
    assert sums.startswith("mixer: 31 parameters (31 trainable), 3,084 MACs, ")


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_layers_marks_what_holds_other_layers_so_that_nobody_adds_it_up(cnnviz, tmp_path):
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((4, 4, 3)), layers.Conv2D(2, 3, name="conv")], name="backbone")
    image = keras.Input((4, 4, 3))
    scores = layers.Dense(2, activation="softmax")(layers.Flatten()(inner(image)))
    nested = tmp_path / "nested.keras"
    keras.Model(image, scores).save(nested)
    listed = json.loads(cnnviz("layers", "--model", nested, "--json").out)
    holders = [layer["address"] for layer in listed["layers"] if layer["is_container"]]
    assert holders == ["backbone"]
    assert re.search(r"^backbone +Sequential \(container\) ", cnnviz("layers", "--model", nested).out, re.MULTILINE)
    leaves = [layer["parameters"] for layer in listed["layers"] if not layer["is_container"]]
    assert sum(leaves) == listed["totals"]["parameters"] == 56 + 18


def test_predict_matches_the_closed_form(cnnviz, network, image, probabilities):
    answer = json.loads(cnnviz("predict", image, "--model", network, "--json").out)
    assert answer["model"] == "mixer"
    classes = answer["images"][0]["classes"]
    assert [entry["name"] for entry in classes] == ["bright red", "deep blue", "not red"]
    np.testing.assert_allclose([entry["probability"] for entry in classes], probabilities, rtol=1e-5)


def test_predict_prints_the_top_classes_of_every_image(cnnviz, network, image, probabilities):
    lines = cnnviz("predict", image, "chelsea", "--model", network, "--top", 2).out.splitlines()
    assert len(lines) == 1 + 2 * 2
    assert lines[1].split() == [str(image), f"{100 * probabilities[0]:.1f}", "%", "bright", "red", "0"]
    assert [line.split()[0] for line in lines[3:]] == ["chelsea"] * 2


def test_predict_gives_more_images_than_a_batch_the_answer_of_one(cnnviz, network, image):
    images = [image, *["chelsea"] * 16, image]
    answers = json.loads(cnnviz("predict", *images, "--model", network, "--json").out)["images"]
    assert [answer["image"] for answer in answers] == [str(name) for name in images]
    first, second, last = ([entry["probability"] for entry in answers[place]["classes"]] for place in (0, 1, -1))
    np.testing.assert_allclose(first, last, rtol=1e-6)
    assert np.abs(np.subtract(first, second)).max() > 0.01


def test_predict_answers_for_good_images_before_it_complains_of_bad_ones(cnnviz, network, image, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0 and no more")
    done = cnnviz("predict", bad, image, "nothing.png", "--model", network, "--json")
    answers = json.loads(done.out)["images"]
    assert done.code == 2
    assert ["error" in answer for answer in answers] == [True, False, True]
    assert done.err.startswith("cnnviz: 2 of 3 images cannot be read; the first: 'bad.jpg' ")


def test_a_file_goes_before_a_sample_of_its_name(cnnviz, network, image, tmp_path):
    (tmp_path / "here" / "coffee").write_bytes(image.read_bytes())
    answers = json.loads(cnnviz("predict", "coffee", image, "--model", network, "--json").out)["images"]
    assert answers[0]["classes"] == answers[1]["classes"]


def test_activations_draws_one_tile_a_channel(cnnviz, network, image, tmp_path):
    done = cnnviz("activations", image, "--layer", "mix", "--model", network, "--colors", "gray")
    sheet = read(tmp_path / "here" / "flag-mix.png")
    assert sheet.shape == (2 * 64 + 2, 2 * 64 + 2, 3)  # 16 x 16 enlarged four times, two by two, a gap of 2
    red, blue = sheet[:64, :64, 0], sheet[:64, 66:, 0]
    assert (red[:48] == 255).all() and (red[48:] == 0).all()
    assert (blue[:48] == 0).all() and (blue[48:] == 255).all()
    assert done.out.splitlines() == [
        "mix: 16 x 16 x 4, from 0 to 1.",
        "Channels inactive on this image: 2, 3.",
        "Wrote flag-mix.png",
    ]


def test_activations_orders_and_scales_channels_in_the_sheet_and_for_programs(cnnviz, network, tmp_path):
    """A faint red and a full blue: the strongest first, and on one scale the red one is half as bright."""
    (tmp_path / "here" / "faint.png").write_bytes(png_bytes(np.full((SIZE, SIZE, 3), (127, 0, 255), np.uint8)))
    words = ("activations", "faint.png", "--layer", "mix", "--model", network, "--order", "strength")
    looks = ("--normalize", "layer", "--colors", "gray")
    facts = json.loads(cnnviz(*words, *looks, "--json", "--out", "sheet.png").out)
    channels = facts["channels"]
    assert [entry["channel"] for entry in channels] == [1, 0, 2, 3]
    assert [entry["is_inactive"] for entry in channels] == [False, False, True, True]
    assert channels[1]["mean"] == pytest.approx(127 / 255) and channels[1]["zero_share"] == 0
    assert facts["shape"] == [16, 16, 4] and facts["out"] == "sheet.png"
    sheet = read(tmp_path / "here" / "sheet.png")
    assert sheet.shape == (130, 130, 3)
    assert (sheet[:64, :64] == 255).all() and np.abs(sheet[:64, 66:].astype(int) - 127).max() <= 1


def test_activations_writes_the_maps_themselves_of_dense_layers_too(cnnviz, network, image, probabilities):
    assert cnnviz("activations", image, "--model", network, "--layer", "mix", "--out", "maps.npz").code == 0
    with np.load("maps.npz") as file:
        assert file["maps"].shape == (16, 16, 4) and file["maps"].dtype == np.float32
        np.testing.assert_allclose(file["maps"].mean(axis=(0, 1)), [0.75, 0.25, 0, 0], atol=1e-6)
    assert cnnviz("activations", image, "--model", network, "--layer", "scores", "--out", "scores.npz").code == 0
    with np.load("scores.npz") as file:
        np.testing.assert_allclose(file["maps"], probabilities, rtol=1e-5)


def test_filters_names_what_became_of_each_filter(cnnviz, network, tmp_path):
    words = ("filters", "--model", network, "--layer", "mix", "--style", "textbook", "--size", 32, "--steps", 4)
    done = cnnviz(*words)
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "mix: patterns of 4 filters, textbook.",
        "Dead (no image activates them): 2, 3.",  # green maximizes, but not as far as its bias asks
        "Wrote mixer-mix-textbook.png",
    ]
    sheet = read(tmp_path / "here" / "mixer-mix-textbook.png")
    assert sheet.shape == (2 * 32 + 2, 2 * 32 + 2, 3)
    assert (sheet[34:] == 128)[:, :32].all() and sheet[:32, :32].std() > 10  # plain gray for the dead ones alone


def test_filters_climbs_those_that_were_typed_once_each_and_keeps_them(cnnviz, network, tmp_path):
    words = ("filters", "--model", network, "--layer", "mix", "--filters", "2,0-1,1", "--size", 32, "--steps", 4)
    facts = json.loads(cnnviz(*words, "--json", "--out", "found.npz").out)
    assert [entry["filter"] for entry in facts["patterns"]] == [2, 0, 1]
    assert all(entry["before"] < entry["after"] for entry in facts["patterns"])
    with np.load("found.npz") as file:
        assert file["photos"].shape == (3, 32, 32, 3) and file["status"].tolist() == ["dead", "ok", "ok"]
        assert file["filters"].tolist() == [2, 0, 1]
    assert len(list((tmp_path / "cache" / "patterns").glob("*.npz"))) == 3
    again = json.loads(cnnviz(*words, "--json").out)
    assert again == {**facts, "out": None}


def test_filters_hands_every_setting_on(cnnviz, network):
    words = ("filters", "--model", network, "--filters", 0, "--size", 32, "--style", "textbook", "--json")
    plain, longer, other = (
        json.loads(cnnviz(*words, *more).out) for more in (("--steps", 2), ("--steps", 4), ("--steps", 2, "--seed", 1))
    )
    assert (plain["style"], plain["size"], plain["steps"], plain["seed"]) == ("textbook", 32, 2, 0)
    assert plain["patterns"][0]["after"] < longer["patterns"][0]["after"]
    assert plain["patterns"][0]["before"] != other["patterns"][0]["before"]


def test_filters_takes_the_first_ones_unless_told(cnnviz, network):
    facts = json.loads(cnnviz("filters", "--model", network, "--size", 32, "--steps", 2, "--json").out)
    assert facts["layer"] == "mix"
    assert [entry["filter"] for entry in facts["patterns"]] == [0, 1, 2, 3]


def test_heatmap_matches_the_closed_form(cnnviz, network, image, probabilities):
    """Behind global pooling a channel's weight is the class's own over the area."""
    words = ("heatmap", image, "--model", network, "--layer", "mix", "--class", "BLUE", "--out", "heat.npz")
    facts = json.loads(cnnviz(*words, "--json").out)
    assert facts["class"] == {"index": 1, "name": "deep blue"}
    assert facts["probability"] == pytest.approx(probabilities[1], rel=1e-5)
    assert facts["maximum"] == pytest.approx(GAIN / SIZE**2, rel=1e-5) and facts["minimum"] == 0
    assert facts["box"] == [0, 0.75, 1, 1]
    assert facts["deletion"]["before"] > facts["deletion"]["after"] and len(facts["deletion"]["random"]) == 5
    with np.load("heat.npz") as file:
        assert file["heat"].shape == (16, 16)
        assert (file["heat"][12:] > 0).all() and not file["heat"][:12].any()
        assert file["class_index"] == 1


def test_of_an_empty_map_nothing_is_hidden(cnnviz):
    model = Path(__file__).parents[1] / "cases" / "models" / "uint8_rescaling.keras"
    done = cnnviz("heatmap", "chelsea", "--model", model, "--class", "0", "--layer", "conv2")
    assert "The heatmap is empty" in done.out and "Hiding" not in done.out


def test_heatmap_explains_the_top_class_in_plain_words(cnnviz, network, image, probabilities, tmp_path):
    done = cnnviz("heatmap", image, "--model", network)
    name, method, deletion, wrote = done.out.splitlines()
    assert name == f"bright red (0): {100 * probabilities[0]:.1f} %"
    assert method == f"Grad-CAM at mix: 16 x 16, from 0 to {GAIN / SIZE**2:.3g} logit."
    assert deletion.startswith(
        f"Deletion test: masking the top 10 % of pixels changes bright red from {100 * probabilities[0]:.1f} % to "
    )
    assert wrote == "Wrote flag-grad_cam.png"
    overlay = read(tmp_path / "here" / "flag-grad_cam.png")
    assert overlay.shape == (224, 224, 3)  # 16 pixels enlarged 14 times
    assert (overlay[-20:] == [0, 0, 255]).all() and not (overlay[:20] == [255, 0, 0]).all(axis=-1).any()


def test_heatmap_explains_whatever_class_is_on_top(cnnviz, network, tmp_path):
    (tmp_path / "here" / "sky.png").write_bytes(png_bytes(np.full((SIZE, SIZE, 3), (0, 0, 255), np.uint8)))
    assert cnnviz("heatmap", "sky.png", "--model", network).out.startswith("deep blue (1): ")


def test_heatmap_says_why_a_map_is_empty(cnnviz, network, image):
    done = cnnviz("heatmap", image, "--model", network, "--class", 2)
    assert done.code == 0
    assert "The heatmap is empty: nothing at this layer raises the score." in done.out


def test_heatmap_without_opacity_is_the_image_as_the_model_receives_it(cnnviz, network, image):
    assert cnnviz("heatmap", image, "--model", network, "--opacity", 0, "--out", "clear.png").code == 0
    clear = read("clear.png")
    assert (clear[:168] == [255, 0, 0]).all() and (clear[168:] == [0, 0, 255]).all()


def test_heatmap_draws_what_speaks_against_a_class_in_another_color(cnnviz, network, image):
    words = ("heatmap", image, "--model", network, "--class", "not red", "--method", "integrated_gradients")
    done = cnnviz(*words, "--opacity", 1, "--out", "against.png")
    assert "Nothing raises the score; the heatmap only shows what lowers it." in done.out
    overlay = read("against.png")
    assert (overlay[:140] == color(np.zeros(1), "PuOr")).all()
    assert (overlay[-28:] == [0, 0, 255]).all()


def test_heatmap_uses_the_colors_asked_for(cnnviz, network, image):
    words = ("heatmap", image, "--model", network, "--opacity", 1, "--colors", "viridis", "--out", "green.png")
    assert cnnviz(*words).code == 0
    assert (read("green.png")[:140] == color(np.ones(1), "viridis")).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_weights_alone_open_with_the_name_of_their_architecture(cnnviz, tmp_path):
    build_untrained("lenet5").save_weights(tmp_path / "digits.weights.h5")
    words = ("layers", "--model", tmp_path / "digits.weights.h5")
    assert cnnviz(*words).code == 2
    assert json.loads(cnnviz(*words, "--architecture", "lenet5", "--json").out)["totals"]["parameters"] == 61_706


@pytest.mark.parametrize("method", ["score_cam", "saliency", "smooth_grad", "integrated_gradients", "occlusion"])
def test_every_kind_of_method_is_drawn(cnnviz, network, image, method, tmp_path):
    done = cnnviz("heatmap", image, "--model", network, "--method", method, "--out", tmp_path)
    assert done.code == 0, done.err
    assert read(tmp_path / f"flag-{method}.png").shape == (224, 224, 3)


def test_what_the_model_file_cannot_tell_is_said_once_and_can_be_overruled(cnnviz, network, image, tmp_path):
    """The model's own answers lie beside it; a copy elsewhere has none, so that it must be assumed."""
    alone = tmp_path / "alone.keras"
    alone.write_bytes(network.read_bytes())
    guessed = cnnviz("predict", image, "--model", alone, "--json")
    assert guessed.err.count("Assumptions about alone") == 1
    assert "guess: the model does not rescale pixels itself" in guessed.err
    known = json.loads(guessed.out)["assumptions"]
    assert (known["scaling"]["value"], known["scaling"]["is_confirmed"]) == ("0..1", False)
    labels = tmp_path / "labels.txt"
    labels.write_text("0 red\n1 blue\n2 other\n")
    said = [
        "--scaling",
        "-1..1",
        "--fit",
        "crop",
        "--labels",
        labels,
        "--outputs",
        "softmax",
        "--class-order",
        "sorted",
    ]
    told = cnnviz("predict", image, "--model", alone, "--json", *said)
    assert told.code == 0 and "Assumed" not in told.err
    answer = json.loads(told.out)
    assert {entry["name"] for entry in answer["images"][0]["classes"]} == {"red", "blue", "other"}
    assert answer["assumptions"]["scaling"] == {"value": "-1..1", "why": "set by you", "is_confirmed": True}
    # Mean of max(0, 2 v - 1) over the image: half of it is red in three quarters, blue in one.
    scores = np.exp([0.75 * GAIN, 0.25 * GAIN, -0.375 * GAIN])
    found = {entry["name"]: entry["probability"] for entry in answer["images"][0]["classes"]}
    np.testing.assert_allclose([found[name] for name in ("red", "blue", "other")], scores / scores.sum(), rtol=1e-5)


def test_a_number_is_no_percentage(cnnviz):
    case = str(CASES / "models" / "age_regression.keras")
    lines = cnnviz("predict", "coffee", "--model", case).out.splitlines()
    assert lines[0].split() == ["image", "number", "output", "index"]
    assert "%" not in lines[1] and 36 < float(lines[1].split()[1]) < 38
    said = cnnviz("heatmap", "coffee", "--model", case, "--out", "age.png").out
    assert said.startswith("value (0): 37") and "%" not in said.replace("10 %", "")
    refused = cnnviz("evaluate", case, CASES / "folders" / "class_from_1")
    assert refused.code == 2 and "predicts numbers, and an evaluation needs classes" in refused.err


def test_a_table_holds_no_signs_that_move_the_cursor():
    rows = [("a\x1b[31m\nb", "1"), ("\u202ec", "2"), ("새", "3")]
    lines = table(("name", "n"), rows, align="<>").splitlines()
    assert lines == ["name      n", "a?[31m?b  1", "?c        2", "새         3"]
