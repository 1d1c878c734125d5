"""Is every mistake told in one sentence, with exit code 2, before anything is written?"""

import shlex
import socket
import sys
from argparse import Namespace

import numpy as np
import pytest

from cnnviz.cli import entry, output
from cnnviz.cli.errors import CommandError

VERBS = ("app", "models", "layers", "predict", "activations", "filters", "heatmap")


@pytest.fixture
def files(network, image, tmp_path):
    """Names that the commands below use."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(image.read_bytes()[:60])
    (tmp_path / "words.txt").write_text("no image")
    (tmp_path / "full.png").write_bytes(b"mine")
    return {"M": f"--model {shlex.quote(str(network))}", "P": shlex.quote(str(image)), "T": str(tmp_path)}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "arguments are required: COMMAND"),
        ("paint", "invalid choice: 'paint'"),
        ("layers --model nowhere", "There is no model 'nowhere'."),
        ("layers --model {T}/words.txt", "Model"),
        ("layers --model {T}/none.keras", "none.keras"),
        ("layers --modle x", "unrecognized arguments: --modle x"),
        ("predict", "required: IMAGE"),
        ("predict missing.jpg {M}", "There is no file 'missing.jpg'."),
        ("predict {T}/broken.png {M}", "'broken.png' is a PNG file that is damaged or cut short."),
        ("predict {T}/words.txt {M}", "'words.txt' is"),
        ("predict {P} {M} --top 0", "expected a whole number of at least 1, not '0'"),
        ("predict {P} {M} --top ten", "not 'ten'"),
        ("heatmap {P} {M} --out ''", "Argument --out: expected a path, not ''"),
        ("evaluate {T} {T} --out ''", "Argument --out: expected a path, not ''"),
        ("app --headless --host ''", "Argument --host: expected a name, not ''"),
        ("app --headless --host " + 100 * "é", "Cannot listen on"),
        ("runs list --runs-dir ' '", "Argument --runs-dir: expected a path, not ' '"),
        ("activations missing.jpg {M}", "There is no file 'missing.jpg'."),
        ("activations {P} {M} --layer mox", "mixer has no layer 'mox'. Layers with feature maps: mix"),
        ("activations {P} {M} --layer scores", "No feature maps at layer 'scores'."),
        ("activations {P} {M} --order size", "argument --order: invalid choice: 'size'"),
        ("filters {M} --layer mox", "mixer has no layer 'mox'."),
        ("filters {M} --layer mix --filters 2-4", "Layer 'mix' has no filter 4. Its filters are 0 to 3."),
        ("filters {M} --layer mix --filters 0-999999", "has no filter 999999"),
        ("filters {M} --filters 3-1", "not '3-1'"),
        ("filters {M} --filters 0-9999999", "not '0-9999999'"),
        ("filters {M} --filters=-2", "not '-2'"),
        ("filters {M} --filters 1,,2", "not '1,,2'"),
        ("filters {M} --size 15", "expected a whole number from 16 to 1024, not '15'"),
        ("filters {M} --steps 0", "argument --steps"),
        ("filters {M} --seed=-1", "argument --seed"),
        ("heatmap missing.jpg {M}", "There is no file 'missing.jpg'."),
        ("heatmap {P} {M} --class green", "mixer has no class 'green'. It has 3"),
        ("heatmap {P} {M} --class 3", "mixer has no class '3'."),
        ("heatmap {P} {M} --class e", "3 classes match 'e'"),
        ("heatmap {P} {M} --layer mox", "mixer has no layer 'mox'."),
        ("heatmap {P} {M} --method saliency --layer mix", "Saliency attributes to the pixels, not to a layer."),
        ("heatmap {P} {M} --method gradcam", "invalid choice: 'gradcam'"),
        ("heatmap {P} {M} --opacity nan", "expected a number from 0 to 1, not 'nan'"),
        ("heatmap {P} {M} --out {T}/none/x.png", "There is no folder"),
        ("heatmap {P} {M} --out {T}/words.txt/x.png", "There is no folder"),
        ("heatmap {P} {M} --out x.jpg", "is neither a folder nor a .png or .npz file"),
        ("heatmap {P} {M} --out {T}/full.png", "already exists. Choose another --out, or add --force"),
        (f"heatmap {{P}} {{M}} --out {'x' * 300}.png", "cannot be written (File name too long)."),
        ("app --port 0", "expected a whole number from 1 to 65535, not '0'"),
        ("app --host no.such.host.invalid.", "Cannot listen on 'no.such.host.invalid.', port 8501."),
    ],
)
def test_a_mistake_is_told_in_one_sentence(cnnviz, files, tmp_path, command, said):
    before = sorted(tmp_path.rglob("*"))
    done = cnnviz(*shlex.split(command.format(**files)))
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("cnnviz: ") and done.err.endswith("\n") and done.err.count("\n") == 1
    assert said.lower() in done.err.lower()
    assert sorted(tmp_path.rglob("*")) == before and (tmp_path / "full.png").read_bytes() == b"mine"


def test_force_replaces_a_file(cnnviz, files, tmp_path):
    command = "heatmap {P} {M} --force --out {T}/full.png".format(**files)
    assert cnnviz(*shlex.split(command)).code == 0
    assert (tmp_path / "full.png").read_bytes().startswith(b"\x89PNG")


def test_a_taken_port_is_told_and_what_would_do(cnnviz):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = cnnviz("app", "--port", port)
    assert done.code == 2
    assert done.err == f"cnnviz: Port {port} on 127.0.0.1 is already in use. Choose another with --port.\n"


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example_that_is_understood(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        entry.main([verb, "--help"])
    text = capsys.readouterr().out
    example = shlex.split(text.split("example:\n")[1])
    assert ended.value.code == 0
    assert example[:2] == ["cnnviz", verb]
    assert entry._parser().parse_args(example[1:]).verb == verb
    assert verb == "models" or "(default: " in text


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        output.save(tmp_path / "gone" / "x.npz", lambda: np.zeros((1, 1, 3), np.uint8), {"heat": np.zeros(3)})
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(CommandError, match="cannot be written"):
        output.save(tmp_path / "folder.npz", lambda: np.zeros((1, 1, 3), np.uint8), {"heat": np.zeros(3)})
    assert [path.name for path in tmp_path.rglob("*")] == ["folder.npz"]


def test_what_is_not_finite_becomes_null():
    values = {"a": float("nan"), "b": [np.float32("inf"), 1], "c": np.array([[np.nan, 0.5]]), "d": np.True_, "e": None}
    written = output.to_json(values)
    assert "".join(written.split()) == '{"a":null,"b":[null,1],"c":[[null,0.5]],"d":true,"e":null}'
    assert output.percent(float("nan")) == "not a number"


def test_what_others_print_meanwhile_does_not_reach_a_program(capsys):
    def run(options):
        sys.stdout.write("Downloading data\n")
        yield "the answer"

    entry._carry_out(Namespace(run=run))
    assert capsys.readouterr() == ("the answer\n", "Downloading data\n")


def test_long_lists_are_cut_and_counted():
    assert output.numbers(range(3)) == "0, 1, 2"
    assert output.numbers(range(40), limit=2) == "0, 1, ... (40 in all)"
