"""What does a page under test say, and when is it done?"""

import io
import re
import zipfile

from waiting import wait_until


def sentences(app):
    """Everything that is said in words, without Markdown's escapes."""
    kinds = (app.header, app.text, app.caption, app.markdown, app.info, app.warning, app.error)
    return re.sub(r"\\(.)", r"\1", "\n".join(element.value for kind in kinds for element in kind))


def finished(app, *, seconds=120):
    """Let the page run until nothing is computed beside it any more."""

    def is_over():
        assert not app.exception, app.exception
        is_computing = any(button.label == "Cancel" for button in app.button)
        if is_computing:
            app.run()
        return not is_computing

    wait_until(is_over, "the page to end its work", seconds=seconds)
    return app


def zipped(folder):
    """The images of a folder as a zip archive, to upload."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    return buffer.getvalue()
