"""Does a person find, with nothing but the page, what a model learned instead of what it should have?"""

import re

import watermarks
from reading_pages import finished, sentences

from cnnviz.dashboard import store

CHERRIES, PLUMS = 0, 1


def press(app, start):
    next(button for button in app.button if button.label.startswith(start)).click().run()
    return finished(app)


def test_from_the_matrix_to_the_corner_that_decides(open_page, tmp_path):
    watermarks.write_folder(tmp_path / "data" / "fruit")
    watermarks.trained().save(tmp_path / "fruits.keras")
    name = store.put_model("fruits.keras", (tmp_path / "fruits.keras").read_bytes())

    app = finished(open_page("mistakes", model=name, data="fruit"))
    assert "Accuracy **50 %**" in "\n".join(header.value for header in app.header)
    press(app, "plums → cherries · 20")
    assert app.session_state["cell"] == f"{PLUMS}:{CHERRIES}"

    app.segmented_control(key="show").set_value("mean").run()
    finished(app)
    share = re.search(r"(\d+) % of the evidence lies at the bottom right\.", sentences(app))
    assert share and int(share[1]) > 60
    assert "always in one place, like a watermark" in sentences(app)

    press(app, "Mask this region in all 20 images")
    found = re.search(
        r"\*\*(\d+) of 20\*\* images; masking a region of the same size elsewhere: (\d+)\.", sentences(app)
    )
    assert found and int(found[1]) >= 18 and int(found[2]) <= 2

    assert "The evidence for cherries lies at the bottom right." in sentences(app)
    press(app, "Mask the hottest region")
    assert "The prediction flips from cherries to plums" in sentences(app)
