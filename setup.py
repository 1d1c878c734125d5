"""Build step: what stands at the top of the repository for Streamlit becomes a part of the package."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
APP = Path("cnnviz/streamlit_app")
FILES = [
    Path("app.py"),
    Path(".streamlit/config.toml"),
    *sorted(path.relative_to(ROOT) for path in ROOT.glob("pages/*.py")),
]


class BuildWithApp(build_py):
    """Copies the app, its pages and its configuration as they lie; an editable install uses them where they are."""

    def run(self) -> None:
        """Build the package, then add the app."""
        super().run()
        for target, source in self._app().items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """List what was built."""
        return [*super().get_outputs(include_bytecode), *map(str, self._app())]

    def _app(self) -> dict[Path, Path]:
        return {} if self.editable_mode else {Path(self.build_lib) / APP / path: ROOT / path for path in FILES}


setup(cmdclass={"build_py": BuildWithApp})
