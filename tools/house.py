"""Figures of the code's structure, as a table: `python -m tools.house`.

Counted are the modules of the package, its pages and its scripts; tests, benchmarks and tools are left out.
"""

from __future__ import annotations

import ast
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
_SAME_ROLE = {"__init__", "__main__"}
_CACHE = re.compile(r"@(kept|cached|lru_cache|cache|st\.cache_\w+)\b|\blru_cache\(|\bcache_(data|resource)\b")


def python_files() -> list[Path]:
    """Modules of the package, pages and the app's script."""
    return [*sorted((ROOT / "cnnviz").rglob("*.py")), *sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]


def name_of(path: Path) -> str:
    """Dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.Module) -> Iterator[str]:
    """Dotted names that a module imports, of modules or of what is in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """All functions and methods."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def body_lines(function: ast.FunctionDef) -> int:
    """Lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def argument_count(function: ast.FunctionDef) -> int:
    """Arguments, without `self`."""
    arguments = function.args
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def longest_script_function(text: str) -> int:
    """Lines of the longest function of a script, by its braces."""
    lines, longest = text.splitlines(), 0
    for start, line in enumerate(lines):
        if re.search(r"\bfunction\b|=>\s*\{\s*$", line):
            depth = 0
            for end in range(start, len(lines)):
                depth += lines[end].count("{") - lines[end].count("}")
                if depth <= 0:
                    longest = max(longest, end - start + 1)
                    break
    return longest


def figures() -> list[tuple[str, str, str]]:
    """Rows of the table: what, its figure, and what is aimed at."""
    files = python_files()
    sources = {path: path.read_text(encoding="utf-8") for path in files}
    trees = {path: ast.parse(source) for path, source in sources.items()}
    lengths = sorted(len(source.splitlines()) for source in sources.values())
    every = [function for tree in trees.values() for function in functions(tree)]
    bodies = sorted(map(body_lines, every))
    names = Counter(path.stem for path in files if path.stem not in _SAME_ROLE and "texts" not in path.parts)
    twice = sorted(name for name, count in names.items() if count > 1)
    importers = Counter(name for tree in trees.values() for name in set(imports(tree)))
    modules = [path for path in files if "cnnviz" in path.parts and path.stem not in _SAME_ROLE]
    once = [path for path in modules if importers[name_of(path)] == 1]
    scripts = [*(ROOT / "cnnviz").rglob("*.js"), *(ROOT / "cnnviz").rglob("*.css"), *(ROOT / "cnnviz").rglob("*.html")]
    texts = {path: path.read_text(encoding="utf-8") for path in scripts}
    sessions = [path for path, source in sources.items() if "session_state" in source]
    caches = [path for path, source in sources.items() if _CACHE.search(source)]
    long = max(longest_script_function(text) for path, text in texts.items() if path.suffix == ".js")
    total = sum(lengths) + sum(len(text.splitlines()) for text in texts.values())
    return [
        ("Python modules", f"{len(files)}", "190"),
        ("Lines per file: median, largest", f"{statistics.median(lengths):.0f}, {lengths[-1]}", "120-180, 300"),
        ("Files over 300 lines", f"{sum(length > 300 for length in lengths)}", "0"),
        (
            "Lines per function: median, 90th percentile",
            f"{bodies[len(bodies) // 2]}, {bodies[len(bodies) * 9 // 10]}",
            "5, 16",
        ),
        ("Duplicate file names", f"{len(twice)}: {', '.join(twice)}", "6"),
        ("Modules with exactly one importer", f"{len(once)}", "45"),
        ("Arguments of a function, at most", f"{max(map(argument_count, every))}", "8"),
        ("Files that touch `session_state`", f"{len(sessions)}", "4"),
        ("Files that hold a cache", f"{len(caches)}", "2"),
        ("Lines of the longest function of a script", f"{long}", "60"),
        ("Lines in all, scripts and styles included", f"{total:,}", "28,000"),
    ]


def main() -> None:
    """Print the table in Markdown."""
    print("| | today | aim |\n|---|---|---|")
    for row in figures():
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
