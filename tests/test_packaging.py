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
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))


def requirements(name):
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(python, system):
    """What the lock pins on one system: name to version."""
    platform, name, os_name = system
    place = {"python_version": python, "python_full_version": f"{python}.5", "implementation_name": "cpython"}
    place |= {"sys_platform": platform, "platform_system": name, "os_name": os_name}
    place |= {"platform_python_implementation": "CPython", "platform_machine": "x86_64"}
    held = [pin for pin in requirements("requirements.lock") if pin.marker is None or pin.marker.evaluate(place)]
    found = {canonicalize_name(pin.name): next(iter(pin.specifier)) for pin in held}
    assert len(found) == len(held) > 80  # each package once
    assert {pin.operator for pin in found.values()} == {"=="}
    return {name: pin.version for name, pin in found.items()}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system[0])
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_pins_every_requirement_within_its_range(python, system):
    extras = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]
    wanted = [*requirements("requirements.txt"), *requirements("requirements-dev.txt"), *extras]
    held = pins(python, system)
    assert len(wanted) > 25
    for one in wanted:
        assert one.specifier.contains(held[canonicalize_name(one.name)]), f"{one}: run `make update`"


def test_the_lock_names_no_host_and_no_folder():
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==[A-Za-z0-9.+!]+( ; [^/:@]+)?", line), line


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
