"""Proof that the wheel is the product: built from the sdist, installed from the lock, opened in a browser.

Uses another Python than this one where the machine has one, an empty environment, and an empty folder to start in.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from running import CHROMIUM, FLAGS, TIMEOUT  # noqa: E402  # a script knows no packages of tests

_SUPPORTED = ("3.13", "3.12", "3.11")
_MINOR = "import ensurepip, sys; print(*sys.version_info[:2], sep='.')"
_URL = re.compile(rb"http://127\.0\.0\.1:\d+")


def other_python():
    """A supported Python that is not this one, else this one."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    for minor in _SUPPORTED:
        names = [shutil.which(f"python{minor}"), *Path.home().glob(f".pyenv/versions/{minor}*/bin/python{minor}")]
        for python in filter(None, names):
            done = subprocess.run([python, "-c", _MINOR], capture_output=True, text=True)
            if minor != own and done.stdout.strip() == minor:
                return str(python), minor
    return sys.executable, own


def build(folder):
    """Make the sdist, and the wheel from the sdist; return the wheel."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return next(folder.glob("*.whl"))


def install(python, wheel, home):
    """Install the wheel with the releases of the lock, into an environment of its own; return its scripts' folder."""
    subprocess.run([python, "-m", "venv", str(home)], check=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    pip = [scripts / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", ROOT / "requirements.lock"], check=True, cwd=home)
    subprocess.run([*pip, "--no-deps", wheel], check=True, cwd=home)
    return scripts


def served(process, log):
    """Wait for the address that the server says, and until it answers there."""
    for _ in range(300):
        if process.poll() is not None:
            break
        found = _URL.search(log.read_bytes())
        try:
            if found and urllib.request.urlopen(f"{found[0].decode()}/_stcore/health", timeout=1).read() == b"ok":
                return found[0].decode()
        except OSError:
            pass
        with_patience(process)
    sys.exit(f"The server did not start.\n{log.read_text(errors='replace')}")


def with_patience(process):
    """Wait a moment, or for the end of the server."""
    try:
        process.wait(0.2)
    except subprocess.TimeoutExpired:
        return


def look(url, image):
    """Open the first page: its title, a prediction, no error, the shipped configuration, nothing from outside."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="light")
        page.set_default_timeout(TIMEOUT)
        outside, errors = [], []
        page.on("request", lambda request: None if is_inside(request.url, url) else outside.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.get_by_role("heading", level=1, name="Overview").wait_for()
        first = page.locator(".bars button").first
        first.filter(has_text="Egyptian cat").wait_for()
        page.wait_for_function("document.querySelector('[data-testid=stApp]').dataset.testScriptState == 'notRunning'")
        page.screenshot(path=image)
        assert page.title() == "cnnviz" or page.title().endswith("Overview"), page.title()
        assert page.get_by_test_id("stException").count() == 0, page.get_by_test_id("stException").all_inner_texts()
        assert page.get_by_test_id("stSidebarNavLink").count() == 7
        font = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).fontFamily")
        assert "Noto Sans KR" in font, f"not the theme of the configuration: {font}"
        assert not outside and not errors, (outside, errors)
        said = first.inner_text()
        browser.close()
    return " ".join(said.split())


def is_inside(address, url):
    """Whether the browser asks this server, or itself."""
    return address.startswith((url, url.replace("http", "ws"), "data:", "blob:"))


def main():
    """Build, install, start, look."""
    if not CHROMIUM:
        sys.exit("Chromium is not installed: apt-get install chromium")
    image = Path(os.environ.get("SMOKE_IMAGE", os.devnull))
    with tempfile.TemporaryDirectory(prefix="cnnviz-smoke-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        python, minor = other_python()
        scripts = install(python, wheel, folder / "environment")
        (folder / "empty").mkdir()
        log = folder / "log.txt"
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "CNNVIZ"))}
        environment |= {"CNNVIZ_CACHE_DIR": str(folder / "cache"), "HOME": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"}
        with log.open("wb") as out:
            command = [scripts / "cnnviz", "app", "--headless"]
            process = subprocess.Popen(command, cwd=folder / "empty", env=environment, stdout=out, stderr=out)
        try:
            said = look(served(process, log), folder / "page.png")
        finally:
            process.terminate()
            process.wait(20)
        if str(image) != os.devnull:
            shutil.copyfile(folder / "page.png", image)
        assert b"Traceback" not in log.read_bytes(), log.read_text(errors="replace")
        assert not list((folder / "empty").iterdir()), "a look writes nothing into the folder it was started in"
        sys.stdout.write(f"smoke: {wheel.name} on Python {minor}, from the lock: the first page says {said}\n")


if __name__ == "__main__":
    main()
