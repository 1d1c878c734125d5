"""Mutation check: breaks lines of the library on purpose, one at a time, and counts what its tests notice.

`python -m tools.mutants --count 30 --seed 0` changes copies of the sources in a temporary folder, never these.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PACKAGES = ("activations", "convolution", "datasets", "filters", "heatmaps", "images", "mistakes", "runs")
_MODULES = ("grids", "kept_arrays", "layers", "probes", "receptive_fields", "finite_check")
_TESTS = {"receptive_fields": "test_layers.py", "finite_check": "test_soundness.py", "grids": "test_grids.py"}
_OPERATORS = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*", ast.Pow: "*",
    ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in",
    ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is", ast.And: "or", ast.Or: "and",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one module.

    Attributes:
        path: The module.
        line: Number of the line that is changed.
        text: What stood there, and what stands there now.
        source: The whole module, changed.
    """

    path: Path
    line: int
    text: str
    source: str


def mutants(path: Path) -> Iterator[Mutant]:
    """All changes of a module that this knows: an operator for its opposite, a number for the next, a `not` dropped."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if (changed := _changed(node, source)) is not None and changed != ast.get_source_segment(source, node):
                yield _mutant(path, source, node, changed)


def _changed(node: ast.AST, source: str) -> str | None:
    def text(part: ast.AST) -> str:
        return f"({ast.get_source_segment(source, part)})"

    if (
        isinstance(node, ast.BinOp)
        and type(node.op) in _OPERATORS
        and not isinstance(node.left, ast.Constant | ast.JoinedStr)
    ):
        return f"({text(node.left)} {_OPERATORS[type(node.op)]} {text(node.right)})"
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return f"({text(node.left)} {_OPERATORS[type(node.ops[0])]} {text(node.comparators[0])})"
    if isinstance(node, ast.BoolOp) and len(node.values) == 2:
        return f"({text(node.values[0])} {_OPERATORS[type(node.op)]} {text(node.values[1])})"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return text(node.operand)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return repr(node.value + 1)
    return None


def _mutant(path: Path, source: str, node: ast.expr, changed: str) -> Mutant:
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 0) - 1])) + (node.end_col_offset or 0)
    before = source.encode()
    after = (before[:start] + changed.encode() + before[end:]).decode()
    return Mutant(path, node.lineno, f"{ast.get_source_segment(source, node)} -> {changed}", after)


def tests_of(path: Path) -> list[str]:
    """Tests that should notice a change of a module: those of its package, or of its name."""
    part = path.relative_to(ROOT / "cnnviz").with_suffix("").parts[0]
    return [f"tests/{part}" if part in _PACKAGES else f"tests/{_TESTS.get(part, f'test_{part}.py')}"]


def is_caught(mutant: Mutant) -> bool:
    """Whether a test fails where a module is changed."""
    with tempfile.TemporaryDirectory(prefix="cnnviz-mutant-") as name:
        folder = Path(name) / "copy"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "runs"))
        (folder / mutant.path.relative_to(ROOT)).write_text(mutant.source, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests_of(mutant.path)]
        environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode == 1


def main() -> None:
    """Change lines that a seed picks, and print what survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    files = [path for part in _PACKAGES for path in sorted((ROOT / "cnnviz" / part).glob("[!_]*.py"))]
    files += [ROOT / "cnnviz" / f"{name}.py" for name in _MODULES if (ROOT / "cnnviz" / f"{name}.py").exists()]
    every = [mutant for path in files for mutant in mutants(path)]
    caught = 0
    for number, mutant in enumerate(rng.sample(every, given.count), 1):
        is_noticed = is_caught(mutant)
        caught += is_noticed
        where = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
        print(
            f"{number:3} {'caught  ' if is_noticed else 'SURVIVED'} {where}  {' '.join(mutant.text.split())}",
            flush=True,
        )
    print(f"{caught} of {given.count} caught, of {len(every):,} possible changes; seed {given.seed}")


if __name__ == "__main__":
    main()
