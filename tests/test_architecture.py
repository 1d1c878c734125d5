"""Do imports point one way, and is the public face what it says?"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import cnnviz

ROOT = Path(__file__).parents[1]


# Each group may import the groups before it, and itself; siblings in one group are separate entries of equal rank.
def modules():
    return sorted((ROOT / "cnnviz").rglob("*.py"))


def imported(path, *, anywhere=True):
    """Names of imported modules; only those at the top level unless `anywhere`. Type-checking imports count too."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if anywhere else tree.body
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{name.name}" for name in node.names]
    return found


def test_import_contracts_are_kept():
    """Layers point downwards, pages do not know each other, Streamlit and Plotly stay in their homes."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "4 kept, 0 broken" in done.stdout, done.stdout[-3000:]


# What is not promised is named in one place each, with the reason; tests beside these say what a release has moved.
PRIVATE_HOMES = ("private_keras.py", "private_streamlit.py")
_PRIVATE_MODULE = re.compile(r"keras\.src\b|tensorflow\.python\b|streamlit\.(\w+\.|runtime\b|web\b)|(?!cnnviz).*\._")
_OF_THE_LIBRARY = {"_catalog", "_SubParsersAction"}  # of gettext and argparse


def app_files():
    return [*modules(), *sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]


def test_private_names_of_others_stay_in_their_homes():
    defined, used = set(_OF_THE_LIBRARY), {}
    for path in app_files():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        defined |= {name for node in nodes for name in defined_by(node)}
        if path.name not in PRIVATE_HOMES:
            assert not [name for name in imported(path) if _PRIVATE_MODULE.match(name)], path
            used |= {node.attr: f"{path.name}:{node.lineno}" for node in nodes if isinstance(node, ast.Attribute)}
    private = {name for name in used if name.startswith("_") and not name.startswith("__")}
    strange = {name: used[name] for name in private - defined}
    assert len(private) > 50 and not strange, f"{strange} belong into {PRIVATE_HOMES}"


def defined_by(node):
    """Names of functions, fields and attributes that a node of a syntax tree defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
        yield node.attr


def test_private_names_of_keras_hide_in_no_text():
    names = set(re.findall(r"\b_(?!_)[a-z_]+\b", (ROOT / "cnnviz/private_keras.py").read_text()))
    of_keras = {name for name in names if name != "_is_built"}
    for path in app_files():
        if path.name not in PRIVATE_HOMES:
            assert not of_keras & set(re.findall(r"\w+", path.read_text(encoding="utf-8"))), path


def test_parts_of_streamlits_pages_are_named_in_one_place():
    dashboard = ROOT / "cnnviz" / "dashboard"
    files = [path for kind in ("py", "js", "css", "html") for path in dashboard.rglob(f"*.{kind}")]
    part = re.compile(r"data-testid|\.st[A-Z]\w+|\bst-emotion|js-plotly|svg-container|katex-|baseweb")
    found = {path.name: part.findall(path.read_text(encoding="utf-8")) for path in files}
    assert len(found.pop("private_streamlit.py")) > 15
    assert not {name: parts for name, parts in found.items() if parts}, "name them in private_streamlit.SELECTORS"


def test_every_page_starts_inside_the_shell():
    for path in (ROOT / "pages").glob("*.py"):
        body = ast.parse(path.read_text()).body
        first = next(node for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        assert ast.unparse(first) == "shell.require_shell()", path.name


def test_all_is_sorted_and_importable():
    constants_first = sorted(cnnviz.__all__, key=lambda name: (not name.isupper(), name))
    assert list(cnnviz.__all__) == constants_first
    assert all(getattr(cnnviz, name) is not None for name in cnnviz.__all__)


def test_importing_is_quick_and_brings_no_heavy_package():
    heavy = {"tensorflow", "keras", "streamlit", "plotly"}
    code = (
        "import sys, time; start = time.process_time(); import numpy, PIL.Image; floor = time.process_time() - start;"
        "import cnnviz; taken = time.process_time() - start;"
        f"print(taken / floor, *({heavy!r} & set(sys.modules)))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    ratios = [float(run.stdout.split()[0]) for run in runs]
    assert all(len(run.stdout.split()) == 1 for run in runs), runs[0].stdout
    assert min(ratios) < 4  # of the time that NumPy and Pillow take, which any such library imports


def test_no_source_turns_a_guard_off():
    banned = (
        "safe_mode=False",
        "enable_unsafe",
        "shell=True",
        "extractall(",
        "import multiprocessing",
        "components.v1",
    )
    for path in [*modules(), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]:
        text = path.read_text()
        assert not [word for word in banned if word in text], path
