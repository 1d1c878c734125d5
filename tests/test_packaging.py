"""The lock, the version and the metadata say one thing each, in one place."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import cnnviz

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))


def requirements(name):
    text = re.sub(r"( *\\\n)? +--hash=.*", "", (ROOT / name).read_text(encoding="utf-8"))
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(lock, python, system):
    """What a lock pins on one system: name to version."""
    platform, name, os_name = system
    place = {"python_version": python, "python_full_version": f"{python}.5", "implementation_name": "cpython"}
    place |= {"sys_platform": platform, "platform_system": name, "os_name": os_name}
    place |= {"platform_python_implementation": "CPython", "platform_machine": "x86_64"}
    held = [pin for pin in requirements(lock) if pin.marker is None or pin.marker.evaluate(place)]
    found = {canonicalize_name(pin.name): next(iter(pin.specifier)) for pin in held}
    assert len(found) == len(held) > 70  # each package once
    assert {pin.operator for pin in found.values()} == {"=="}
    return {name: pin.version for name, pin in found.items()}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system[0])
@pytest.mark.parametrize("python", PYTHONS)
def test_the_locks_pin_every_requirement_within_its_range(python, system):
    extras = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]
    builds = [Requirement(line) for line in PYPROJECT["build-system"]["requires"]]
    runtime = [*requirements("requirements.txt"), *builds]
    wanted = {"requirements.lock": runtime, "requirements-dev.lock": [*requirements("requirements-dev.txt"), *extras]}
    held = {lock: pins(lock, python, system) for lock in wanted}
    assert [len(ranges) > 10 for ranges in wanted.values()] == [True, True]
    assert held["requirements.lock"].items() < held["requirements-dev.lock"].items()
    for lock, ranges in wanted.items():
        for one in ranges:
            assert one.specifier.contains(held[lock][canonicalize_name(one.name)]), f"{one}: run `make update`"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_knows_each_file_by_its_hash_and_names_no_host_and_no_folder(lock):
    pin = r"[a-z0-9.-]+==[A-Za-z0-9.+!]+( ; [^/:@\\\n]+)?"
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.fullmatch(rf"({pin}( \\\n    --hash=sha256:[0-9a-f]{{64}})+\n)+", text)


def test_every_supported_python_is_named():
    named = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line}
    assert named == set(PYTHONS)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "|".join(PYTHONS) in makefile


def test_the_version_is_that_of_the_changelog():
    """The newest release, or a development version after it."""
    released = re.search(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    version, newest = Version(cnnviz.__version__), Version(released[1])
    assert version == newest or (version.is_devrelease and version > newest)
