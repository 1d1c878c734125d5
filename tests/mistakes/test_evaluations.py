"""Does an evaluation hold what the model answers, and count what it cannot answer?"""

import dataclasses
import errno
import os

import numpy as np
import pytest
from mistake_nets import COLORS, GAIN, SIZE, color_net, files_part, plain_part, random_colors
from scipy.special import softmax

from cnnviz.convnets import Preparation, convnet_from_model, load_convnet
from cnnviz.datasets import load_dataset
from cnnviz.datasets.dataset import Part, array_part
from cnnviz.errors import CancelledError, ClassError, DataError, ModelError
from cnnviz.mistakes import OTHER, EvaluationStore, evaluate, load, save
from cnnviz.mistakes.features import MOST_FEATURES, feature_layer, feature_width
from cnnviz.mistakes.feeding import batches
from cnnviz.probes import forward


def test_matches_the_closed_form_of_a_net_of_mean_colors(evaluation, part):
    colors = np.stack([part.photo(index)[0, 0] for index in range(len(part))]) / 255
    logits, rows = GAIN * colors, np.arange(len(part))
    probabilities = softmax(logits, axis=1)
    assert 5 < evaluation.is_right.sum() < 45  # neither all nor nothing
    np.testing.assert_array_equal(evaluation.predicted, colors.argmax(axis=1))
    np.testing.assert_array_equal(evaluation.top_classes[:, 0], evaluation.predicted)
    np.testing.assert_allclose(evaluation.top_probabilities, -np.sort(-probabilities, axis=1), rtol=1e-5)
    np.testing.assert_allclose(evaluation.true_probability, probabilities[rows, part.labels], rtol=1e-5)
    np.testing.assert_allclose(evaluation.loss, -np.log(probabilities[rows, part.labels]), rtol=1e-5)
    np.testing.assert_allclose(evaluation.entropy, -(probabilities * np.log(probabilities)).sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(evaluation.features, colors, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(evaluation.true_logit, logits[rows, part.labels], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(evaluation.predicted_logit, logits.max(axis=1), rtol=1e-5)
    others = np.where(np.eye(3, dtype=bool)[part.labels], -np.inf, logits).max(axis=1)
    np.testing.assert_allclose(evaluation.margin, logits[rows, part.labels] - others, rtol=1e-4, atol=1e-5)
    assert ((evaluation.margin > 0) == evaluation.is_right).all()


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_the_batch_size_changes_nothing(net, part, evaluation, batch_size):
    other = evaluate(net, part, batch_size=batch_size)
    np.testing.assert_allclose(other.true_logit, evaluation.true_logit, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(other.indices, evaluation.indices)


def test_batches_of_large_images_hold_fewer_of_them(net):
    side = 1024
    large = dataclasses.replace(net, preparation=dataclasses.replace(net.preparation, size=(side, side)))
    part = plain_part(random_colors(25), np.zeros(25, int), size=(4, 4))
    made = list(batches(large, part, np.arange(25), size=64))
    assert [len(batch.indices) for batch in made] == [10, 10, 5]  # 12.6 MB each, in 128 MiB
    assert all(batch.inputs.nbytes <= 128 * 2**20 for batch in made)
    assert [len(batch.indices) for batch in batches(net, part, np.arange(25), size=64)] == [25]


def test_a_mapping_of_many_to_one_adds_probabilities(net):
    part = plain_part(random_colors(20), np.zeros(20, int), class_count=2)
    evaluation = evaluate(net, part, class_names=["warm", "cold"], mapping=[(0, 1), (2,)])
    probabilities = forward(net, net.prepare([part.photo(index) for index in range(20)])).probabilities
    np.testing.assert_allclose(evaluation.true_probability, probabilities[:, :2].sum(axis=1), rtol=1e-5)
    assert 0 < evaluation.predicted.sum() < 20
    # The model's own top class decides, and the margin is between the strongest class of either side.
    np.testing.assert_array_equal(evaluation.predicted, probabilities.argmax(axis=1) // 2)
    odds = np.log(probabilities[:, :2].max(axis=1) / probabilities[:, 2])
    np.testing.assert_allclose(evaluation.margin, odds, rtol=1e-4, atol=1e-5)


def test_classes_of_the_model_without_a_counterpart_are_one_more_answer(net):
    part = plain_part([(255, 0, 0), (0, 0, 255)], [0, 0], class_count=1)
    evaluation = evaluate(net, part, class_names=["red"], mapping=[(0,)])
    assert evaluation.class_names == ("red", OTHER)
    assert evaluation.predicted.tolist() == [0, 1]
    probabilities = forward(net, net.prepare([part.photo(index) for index in range(2)])).probabilities
    np.testing.assert_allclose(evaluation.true_probability, probabilities[:, 0], rtol=1e-5)
    np.testing.assert_allclose(evaluation.confidence, probabilities.max(axis=1), rtol=1e-5)


def test_images_of_a_class_without_a_counterpart_are_counted(net):
    part = plain_part(random_colors(6), [0, 1, 1, 2, 3, 3], class_count=4)
    evaluation = evaluate(net, part, class_names=["blue", "pink", "red", "mauve"])
    assert evaluation.unmapped == (("pink", 2), ("mauve", 2))
    assert evaluation.indices.tolist() == [0, 3]
    assert evaluation.mapping == ((2,), (), (0,), ())


@pytest.mark.parametrize(("count", "classes"), [(1, 2), (2, 2), (3, 3)])
def test_sigmoids_give_probabilities_of_their_own(count, classes):
    weights = np.array([[3, 0, 0], [0, 3, 0], [-3, -3, 3]], np.float32)[:, :count]
    names = COLORS[:classes]
    net = color_net(activation="sigmoid", weights=weights, class_names=names)
    part = plain_part(random_colors(9), np.arange(9) % classes, class_count=classes)
    evaluation = evaluate(net, part)
    expected = forward(net, net.prepare([part.photo(index) for index in range(9)])).probabilities
    np.testing.assert_allclose(evaluation.true_probability, expected[np.arange(9), part.labels], rtol=1e-5)
    np.testing.assert_allclose(evaluation.confidence, expected.max(axis=1), rtol=1e-5)
    assert np.isfinite(evaluation.entropy).all()


def test_of_independent_sigmoids_the_largest_counts():
    net = color_net(activation="sigmoid", weights=np.diag([3.0, 2.0, 1.0]).astype(np.float32))
    part = plain_part(random_colors(9), np.arange(9) % 2, class_count=2)
    evaluation = evaluate(net, part, class_names=["warm", "cold"], mapping=[(0, 1), (2,)])
    found = forward(net, net.prepare([part.photo(index) for index in range(9)]))
    is_warm = part.labels == 0
    expected = np.where(is_warm, found.logits[:, :2].max(axis=1), found.logits[:, 2])
    np.testing.assert_allclose(evaluation.true_logit, expected, rtol=1e-5)
    np.testing.assert_allclose(evaluation.true_probability, 1 / (1 + np.exp(-expected)), rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(8, 8), (11, 14)])
def test_images_are_prepared_as_the_model_would(net, rng, channels, size):
    part = array_part(rng.integers(0, 256, (9, *size, channels), np.uint8), np.arange(9) % 3, 3)
    evaluation = evaluate(net, part, batch_size=4)
    photos = [part.photo(index).repeat(3 // channels, axis=-1) for index in range(9)]
    expected = forward(net, net.prepare(photos), layers=["pool"])
    np.testing.assert_allclose(evaluation.features, expected.maps["pool"], rtol=1e-5)
    assert np.ptp(evaluation.features) > 0.01


def test_a_file_that_cannot_be_read_is_named_with_the_reason(net, tmp_path):
    part = files_part(tmp_path, 12)
    steps = []
    evaluation = evaluate(net, part, batch_size=4, on_step=lambda done, total: steps.append((done, total)))
    assert evaluation.unreadable == (
        (1, "1.png is a PNG file that is damaged or cut short. Save or download it again."),
    )
    assert evaluation.indices.tolist() == [0, *range(2, 12)]
    np.testing.assert_allclose(evaluation.features[1], random_colors(12)[2] / 255, atol=1e-6)
    assert steps == [(4, 12), (8, 12), (12, 12)]


def test_nothing_readable_is_an_error_with_the_reason(net, tmp_path):
    part = files_part(tmp_path, 3)
    only_broken = Part(part.images.take(np.array([1])), np.array([1]), 3, "broken")
    with pytest.raises(DataError, match=r"^None of the 1 images could be evaluated; the first: 1\.png is a PNG file"):
        evaluate(net, only_broken)


def test_it_stops_when_asked(net, part):
    def stop(done, total):
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        evaluate(net, part, batch_size=16, on_step=stop, store=EvaluationStore())
    assert not list(EvaluationStore().root.glob("*"))


def same(one, other):
    for field in dataclasses.fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, theirs)
            assert mine.dtype == theirs.dtype
        else:
            assert mine == theirs
    return True


def test_what_is_saved_is_loaded(evaluation, tmp_path):
    save(evaluation, tmp_path / "one.npz")
    assert same(load(tmp_path / "one.npz"), evaluation)


def test_a_damaged_file_is_told(evaluation, tmp_path):
    save(evaluation, tmp_path / "one.npz")
    data = (tmp_path / "one.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(
        DataError, match=r"^'half.npz' holds no evaluation, a damaged one, or one of another version\. Evaluate"
    ):
        load(tmp_path / "half.npz")
    with pytest.raises(DataError, match=r"^There is no file 'none.npz'\. Check"):
        load(tmp_path / "none.npz")
    with pytest.raises(DataError, match="cannot be written: No such file"):
        save(evaluation, tmp_path / "no" / "one.npz")


def test_what_was_evaluated_before_is_not_run_again(net, part):
    store, steps = EvaluationStore(), []
    first = evaluate(net, part, store=store)
    again = evaluate(net, part, store=store, on_step=lambda *step: steps.append(step))
    assert same(first, again) and not steps
    turned = evaluate(net, part, mapping=[(1,), (0,), (2,)], class_names=COLORS, store=store)
    assert turned.is_right.sum() != first.is_right.sum()
    assert len(list(store.root.glob("*.npz"))) == 2
    EvaluationStore(max_bytes=1).keep(first)
    assert len(list(store.root.glob("*.npz"))) == 1  # the newest stays


def test_what_was_evaluated_is_found_in_a_folder_that_is_read_only(net, part, monkeypatch):
    steps = []
    first = evaluate(net, part, store=EvaluationStore())

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    again = evaluate(net, part, store=EvaluationStore(), on_step=lambda *step: steps.append(step))
    assert same(first, again) and not steps


def test_a_damaged_kept_file_is_made_again(net, part):
    store = EvaluationStore()
    first = evaluate(net, part, store=store)
    (path,) = store.root.glob("*.npz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    for damaged in (data[:300], data):
        path.write_bytes(damaged)
        steps = []
        assert same(evaluate(net, part, store=store, on_step=lambda *step: steps.append(step)), first)  # noqa: B023
        assert steps


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("labels", 3),
        ("predicted", -1),
        ("model_class", 3),
        ("predicted_mapped", 3),
        ("true_rank", 3),
        ("top_classes", 3),
        ("true_probability", 1.5),
        ("top_probabilities", np.nan),
        ("indices", 50),
    ],
)
def test_values_that_no_evaluation_has_count_as_not_kept(net, part, evaluation, tmp_path, name, value):
    store, values = EvaluationStore(), getattr(evaluation, name).copy()
    assert len(part) == 50 and len(evaluation.class_names) == 3
    values[-1] = value
    strange = dataclasses.replace(evaluation, **{name: values})
    names = evaluation.class_names
    store.keep(evaluation, part)
    assert store.find(net, part, names, evaluation.mapping) is not None
    store.keep(strange, part)
    assert store.find(net, part, names, evaluation.mapping) is None
    if name != "indices":  # a file of one's own comes without the images
        save(strange, tmp_path / "one.npz")
        with pytest.raises(DataError, match="a damaged one"):
            load(tmp_path / "one.npz")


@pytest.mark.parametrize("change", [{"labels": np.zeros(50)}, {"features": np.zeros(50, np.float32)}])
def test_arrays_of_another_kind_or_shape_count_as_not_kept(net, part, evaluation, change):
    store = EvaluationStore()
    store.keep(dataclasses.replace(evaluation, **change), part)
    assert store.find(net, part, evaluation.class_names, evaluation.mapping) is None


def test_the_model_and_the_images_stay_as_they_are(net, part):
    before = [weight.numpy().copy() for weight in net.model.weights], part.photo(0).copy()
    evaluation = evaluate(net, part)
    for weight, kept in zip(net.model.weights, before[0], strict=True):
        np.testing.assert_array_equal(weight.numpy(), kept)
    np.testing.assert_array_equal(part.photo(0), before[1])
    with pytest.raises(ValueError, match="read-only"):
        evaluation.features[0] = 0


def test_an_answer_that_is_not_a_number_is_counted_as_none():
    net = color_net(gain=3e38, activation=None)  # finite weights; the sum overflows for bright images
    weights = np.full((3, 3), 3e38, np.float32)
    weights[:, 1] *= -1
    net = color_net(weights=weights, activation=None)
    part = plain_part([(255, 255, 255), (0, 0, 0)], [0, 1])
    evaluation = evaluate(net, part)
    assert evaluation.unreadable == ((0, "The model's output is not a number."),)
    assert evaluation.indices.tolist() == [1]


def test_without_names_the_classes_must_be_as_many(net):
    part = plain_part(random_colors(3), [0, 1, 1], class_count=2)
    with pytest.raises(DataError, match=r"^The images have 2 classes and .* has 3\. Give the dataset"):
        evaluate(net, part)
    with pytest.raises(ClassError, match=r"^None of the dataset's classes \(wine, ash\) matches a model class"):
        evaluate(net, part, class_names=["wine", "ash"])
    with pytest.raises(ValueError, match="at most once"):
        evaluate(net, part, class_names=["wine", "ash"], mapping=[(0,), (0,)])
    with pytest.raises(ValueError, match="at most once"):
        evaluate(net, part, class_names=["wine", "ash"], mapping=[(3,), (0,)])


def test_a_model_without_classes_is_told():
    import keras
    from keras import layers

    image = keras.Input((*SIZE, 3))
    convnet = convnet_from_model(keras.Model(image, layers.Conv2D(3, 1)(image)), preparation=Preparation(SIZE))
    with pytest.raises(ModelError, match=r"has no class scores\. Choose"):
        evaluate(convnet, plain_part(random_colors(3), [0, 1, 2]))


def test_features_are_what_the_last_layer_with_weights_reads():
    import keras
    from keras import layers

    image = keras.Input((*SIZE, 3))
    x = layers.Conv2D(4, 3, name="conv")(image)
    pooled = layers.GlobalAveragePooling2D(name="pool")(layers.Conv2D(2, 1, name="class_maps")(x))
    spatial = convnet_from_model(
        keras.Model(image, layers.Softmax(name="softmax")(pooled)), preparation=Preparation(SIZE)
    )
    assert feature_layer(spatial) == "conv"
    assert feature_width(spatial, "conv") == 4
    part = array_part(np.random.default_rng(1).integers(0, 256, (4, *SIZE, 3), np.uint8), np.array([0, 1, 0, 1]), 2)
    maps = forward(spatial, spatial.prepare([part.photo(index) for index in range(4)]), layers=["conv"]).maps["conv"]
    np.testing.assert_allclose(evaluate(spatial, part).features, maps.mean(axis=(1, 2)), rtol=1e-4, atol=1e-4)
    assert feature_layer(load_convnet("lenet5-mnist")) == "dense2"


def test_long_features_are_shortened_and_keep_their_angles(rng):
    from sklearn.metrics.pairwise import cosine_similarity

    from cnnviz.mistakes.features import projection

    rows = rng.normal(size=(6, 3 * MOST_FEATURES)).astype(np.float32) + rng.normal(size=(6, 1)).astype(np.float32)
    directions = projection(rows.shape[1])
    assert (rows @ directions).shape == (6, MOST_FEATURES)
    assert np.abs(cosine_similarity(rows) - np.eye(6)).max() > 0.3
    np.testing.assert_allclose(cosine_similarity(rows @ directions), cosine_similarity(rows), atol=0.1)
    assert projection(MOST_FEATURES) is None


@pytest.mark.parametrize(
    ("network", "data", "least"), [("lenet5-mnist", "mnist-5k", 0.95), ("fashion-cnn", "fashion-sample", 0.85)]
)
def test_the_shipped_models_are_right_on_images_they_never_saw(network, data, least):
    dataset = load_dataset(data)
    evaluation = evaluate(load_convnet(network), dataset.test, class_names=dataset.class_names)
    assert len(evaluation) == 1000 and not evaluation.unmapped and OTHER not in evaluation.class_names
    assert least < evaluation.is_right.mean() < 1
