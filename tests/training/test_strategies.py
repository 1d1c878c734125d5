"""Does shared work give the model that one device gives, and does nobody wait for a worker that died?"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from waiting import wait_until

from cnnviz.datasets import load_dataset
from cnnviz.errors import RunError
from cnnviz.runs import open_run
from cnnviz.training import Augmentation, carry_out, create_run
from cnnviz.training.strategies import check, shared_recipe

SECONDS = 300  # on a machine that is busy otherwise
TWO_DEVICES = """
import sys
from pathlib import Path
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from cnnviz.training import carry_out
run = carry_out(Path(sys.argv[1]))
sys.exit(run.status.reason or 0)
"""


@pytest.fixture
def plain(recipe, shapes, tmp_path):
    """Nothing that hangs on the images that a device sees at once: 84 to train on, in batches of 14 or twice 7."""
    folder = tmp_path / "even"
    for number, image in enumerate(sorted(shapes.glob("*/*.png"))):
        place = number % 40
        part = "train" if place < 28 else "validation" if place < 34 else "test"
        (folder / part / image.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(image, folder / part / image.parent.name)
    return replace(
        recipe, data=str(folder), dropout=None, augmentation=Augmentation(), batch_size=14, schedule="constant",
        patience=None, snapshots=0,
    )  # fmt: skip


def halved(recipe, strategy):
    """What two replicas make the same of."""
    return replace(recipe, strategy=strategy, batch_size=recipe.batch_size // 2, learning_rate=recipe.learning_rate / 2)


def weights(run):
    import keras

    return keras.saving.load_model(run.path / "last.keras", compile=False).get_weights()


def assert_same_history(mine, theirs, rtol=2e-3):
    assert list(mine.history.epochs) == list(theirs.history.epochs)
    for name in ("loss", "val_loss", "accuracy", "val_accuracy", "learning_rate"):
        np.testing.assert_allclose(mine.history.columns[name], theirs.history.columns[name], rtol=rtol, atol=1e-4)


def assert_same(mine, theirs, rtol=2e-3):
    assert_same_history(mine, theirs, rtol)
    for one, other in zip(weights(mine), weights(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-3)


def test_two_replicas_are_one_device_with_twice_the_batch_and_rate(plain, runs):
    path = create_run(halved(plain, "mirrored"), folder=runs)
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, str(path)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    alone = carry_out(create_run(plain, folder=runs))
    assert alone.history.columns["loss"][-1] < 0.8 * alone.history.columns["loss"][0]
    assert_same(open_run(path), alone)


@pytest.fixture
def workers(tmp_path):
    """Starts one process a run, each a worker with a free port of this machine, and leaves none behind."""
    started = []

    def start(*paths, absent=0):
        servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(len(paths) + absent)]
        addresses = [f"127.0.0.1:{server.getsockname()[1]}" for server in servers]
        for server in servers:
            server.close()
        for index, path in enumerate(paths):
            config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            command = [sys.executable, "-m", "cnnviz", "train", "--run", str(path), "--json"]
            with (path / "train.log").open("ab") as log:
                environment = os.environ | {"TF_CONFIG": json.dumps(config)}
                started.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))
        return started[-len(paths) :]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(20)


def test_two_workers_end_with_the_same_weights_and_history_as_one(plain, runs, workers, monkeypatch):
    """In one folder of runs: a worker that is led does not wait for its own turn."""
    monkeypatch.setenv("TF_CONFIG", "")
    paths = [create_run(halved(plain, "multi-worker"), folder=runs) for _ in range(2)]
    assert [process.wait(SECONDS) for process in workers(*paths)] == [0, 0], (paths[0] / "train.log").read_text()
    first, second = map(open_run, paths)
    assert first.status.test["pictures"] == 18
    assert first.status.test == second.status.test
    assert_same(first, second, rtol=1e-6)
    assert_same(first, carry_out(create_run(plain, folder=runs)))


def test_a_killed_worker_ends_the_run_of_the_other_both_resume_and_stop_together(plain, runs, workers):
    """The killed one comes back with an older checkpoint, as when it died before it could write the last."""
    plain = replace(plain, epochs=1000, learning_rate=0.001)
    paths = [create_run(halved(plain, "multi-worker"), folder=runs / str(number)) for number in range(2)]
    chief, other = workers(*paths)
    wait_until(lambda: open_run(paths[1]).status.epoch >= 1, "the first epoch")
    old = shutil.copytree(paths[1] / "checkpoints", runs / "old")
    epoch = open_run(paths[1]).status.epoch
    wait_until(lambda: open_run(paths[0]).status.epoch > epoch + 2, "later ones")
    other.kill()
    assert chief.wait(SECONDS) == 2
    failed = open_run(paths[0])
    assert failed.status.state == "failed" and "Another worker of the run has exited" in failed.status.reason
    assert open_run(paths[1]).status.state == "interrupted"
    shutil.rmtree(paths[1] / "checkpoints")
    old.rename(paths[1] / "checkpoints")

    chief, other = workers(*paths)
    wait_until(lambda: open_run(paths[0]).status.epoch > failed.status.epoch + 2, "the resumed one's epochs")
    other.send_signal(signal.SIGTERM)
    assert [chief.wait(SECONDS), other.wait(SECONDS)] == [130, 130], (paths[0] / "train.log").read_text()
    first, second = map(open_run, paths)
    assert [run.status.state for run in (first, second)] == ["stopped", "stopped"]
    assert all(run.model is not None for run in (first, second))
    last = first.status.epoch
    assert list(first.history.epochs) == list(range(1, last + 1))
    assert_same_history(first, second, rtol=1e-6)
    assert_same_history(first, carry_out(create_run(replace(plain, epochs=last), folder=runs)), rtol=2e-2)


def test_workers_that_were_told_different_things_end_at_once_and_say_so(plain, runs, workers):
    recipe = halved(plain, "multi-worker")
    paths = [create_run(replace(recipe, epochs=epochs), folder=runs / str(epochs)) for epochs in (3, 4)]
    assert [process.wait(SECONDS) for process in workers(*paths)] == [2, 2]
    assert all("do not have the same recipe" in open_run(path).status.reason for path in paths)


def test_a_worker_that_waits_for_the_others_hears_that_it_shall_stop(plain, runs, workers):
    path = create_run(halved(plain, "multi-worker"), folder=runs)
    (process,) = workers(path, absent=1)
    wait_until(lambda: open_run(path).status.state == "running", "the worker to begin")
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 130
    assert open_run(path).status.state == "stopped"


@pytest.mark.parametrize(
    ("name", "cluster", "said"),
    [
        ("parameter-server", "", "Keras 3 does not train with a parameter server. Choose mirrored or multi-worker."),
        ("tpu", "", "no TPU support. Choose mirrored or multi-worker."),
        ("two", "", "There is no strategy 'two'. There are: none, mirrored, multi-worker."),
        ("multi-worker", "", "needs $TF_CONFIG on every machine"),
        ("multi-worker", "[]", "needs $TF_CONFIG on every machine"),
        ("multi-worker", '{"cluster": {"worker": ["a:1"]}, "task": {"index": 0}}', "needs $TF_CONFIG"),
        ("multi-worker", '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": 2}}', "needs $TF_CONFIG"),
        ("multi-worker", '{"cluster": {"worker": ["a", "b"]}, "task": {"index": 0}}', "needs $TF_CONFIG"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_what_to_use_instead(name, cluster, said):
    with pytest.raises(RunError) as refused:
        check(name, cluster=cluster)
    assert said in str(refused.value)


def test_what_can_be_shared_is_not_refused():
    check("none")
    check("mirrored")
    check("multi-worker", cluster='{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": 1}}')


@pytest.mark.parametrize("batch_size", [1, 3, 7, 16, 100])
@pytest.mark.parametrize("replicas", [2, 3, 4])
def test_every_replica_has_a_image_in_every_batch(plain, shapes, batch_size, replicas):
    """Of 87 and 9 images; a replica without one would have a loss of 0 / 0."""
    dataset = load_dataset(shapes)
    counts = {len(dataset.train), len(dataset.validation)}
    assert counts == {87, 9}
    found = shared_recipe(replace(plain, batch_size=batch_size), dataset, replicas=replicas).batch_size
    assert found % replicas == 0 and abs(found - replicas * batch_size) <= 12
    assert all(count % found == 0 or count % found >= replicas for count in counts)


def test_fewer_images_than_replicas_are_refused(plain, shapes):
    dataset = load_dataset(shapes)
    with pytest.raises(RunError, match="9 images are too few for 10 replicas"):
        shared_recipe(plain, dataset, replicas=10)
    assert shared_recipe(plain, dataset, replicas=1) is plain
