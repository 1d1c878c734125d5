"""Are the parts of Streamlit's and Plotly's pages still where style sheets and scripts look for them?"""

import streamlit

from cnnviz.dashboard.private_streamlit import SELECTORS

# A link that is refused in words beside figures and files; a chart beside a formula; a slider.
PAGES = ("/?layer=nowhere", "/convolution?view=questions&seed=5", "/convolution?view=kernel")


def absent(page, parts):
    found = page.evaluate("parts => parts.filter(part => document.querySelector(part))", [*parts.values()])
    return {name: part for name, part in parts.items() if part not in found}


def test_every_part_that_is_named_is_on_some_page(dashboard):
    page, missing = dashboard.page, dict(SELECTORS)
    for path in PAGES:
        dashboard.open(path)
        missing = absent(page, missing)
        if path == PAGES[0]:
            page.locator(".st-key-export button").first.click()
            page.get_by_text("Arrays (.npz)").wait_for()
            missing = absent(page, missing)
    assert not missing, f"Streamlit {streamlit.__version__} moved {missing}: see cnnviz/dashboard/private_streamlit.py"
