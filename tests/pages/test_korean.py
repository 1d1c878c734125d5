"""Is every page Korean when Korean is chosen, and does a choice survive the change of language?"""

import re
import string

import make_texts
import pytest
from reading_pages import sentences
from streamlit.testing.v1.element_tree import Widget

TITLES = {
    "overview": "개요",
    "activations": "활성화",
    "filters": "필터",
    "heatmaps": "히트맵",
    "mistakes": "오답",
    "training": "훈련",
    "convolution": "합성곱",
}
# What each page says in several of its states.
VIEWS = [
    ("overview", {"model": "fashion-cnn"}),
    ("overview", {"model": "lenet5"}),
    ("activations", {"layer": "predictions"}),
    ("filters", {"layer": "stem_conv"}),
    ("heatmaps", {"method": "occlusion"}),
    ("heatmaps", {"model": "fashion-cnn", "against": "Coat"}),
    ("mistakes", {"model": "fashion-cnn"}),
    ("mistakes", {"model": "fashion-cnn", "show": "suspects"}),
    ("training", {}),
    ("training", {"view": "new", "recipe": "fine-tuning", "data": "fashion-sample"}),
    ("training", {"view": "series"}),
    *(("convolution", {"view": view}) for view in ("kernel", "sizes", "moved", "inside", "drawn", "questions")),
]
LAYERS = {"dense", "flatten", "head cabbage", "mask"}  # so are layers called, and classes of ImageNet
ATTRIBUTES = ("label", "help", "placeholder", "options")


@pytest.fixture(scope="module")
def english():
    """What English texts look like when they are said, for each that is another one in Korean."""
    patterns = {}
    for message in make_texts.read("ko"):
        if message.id and message.id != message.string and re.search("[A-Za-z]{2}", message.id):
            patterns[message.id.strip()] = re.compile(pattern(message.id.strip()), re.DOTALL)
    assert len(patterns) > 800
    return patterns


def pattern(template):
    """A regular expression for what a template says; a placeholder may be filled with anything."""
    parts = [
        re.escape(text) + (".+" if name is not None else "") for text, name, _, _ in string.Formatter().parse(template)
    ]
    return "".join(parts)


def elements(block):
    for child in getattr(block, "children", {}).values():
        yield child
        yield from elements(child)


def said(app):
    """All strings with words that stand on the page, in the sidebar too."""
    found = []
    for element in elements(app._tree):
        names = ATTRIBUTES if isinstance(element, Widget) else (*ATTRIBUTES, "value")
        for value in (getattr(element, name, None) for name in names):
            found += [part for part in (value if isinstance(value, list | tuple) else [value]) if isinstance(part, str)]
    return [text.replace("\\", "").strip() for text in found if re.search("[A-Za-z]{2}", text)]


@pytest.mark.parametrize(("page", "parameters"), VIEWS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_page_says_nothing_in_english(open_page, english, page, parameters):
    app = open_page(page, lang="ko", **parameters)
    assert not app.exception
    assert app.title[0].value == TITLES[page]
    texts = said(app)
    assert any(re.search("[가-힣]", element.value) for element in app.caption)
    left = {text: template for text in texts for template, looks in english.items() if looks.fullmatch(text)}
    assert left.keys() <= LAYERS


def test_english_would_be_seen(open_page, english):
    texts = said(open_page("overview", lang="en", model="lenet5"))
    found = {template for text in texts for template, looks in english.items() if looks.fullmatch(text)}
    assert {"Overview", "Model", "Click a class to select it on every page."} <= found


def test_errors_and_class_names_are_korean(open_page):
    app = open_page("heatmaps", lang="ko", model="mnist_dense", method="grad_cam")
    assert any("mnist_dense에는 맵이 없습니다." in text.value for text in app.text)
    app = open_page("overview", lang="ko", model="fashion-cnn")
    assert "앵클부츠" in app.selectbox(key="class").options
    app.selectbox(key="class").select("코트").run()
    assert app.session_state["class"] == "Coat"  # a link holds in every language


def test_a_broken_upload_is_explained_in_korean(open_page):
    app = open_page("overview", lang="ko")
    app.file_uploader(key="upload").upload("broken.pdf.png", b"%PDF-1.4", "image/png").run()
    assert "이 이미지: PDF 문서입니다. 페이지를 PNG로 저장해 그 파일을 고르세요." in sentences(app)


def test_the_language_changes_in_place_and_keeps_what_was_chosen(open_page):
    app = open_page("training", view="new", recipe="fine-tuning")
    app.selectbox(key="data fine-tuning").select_index(1).run()
    chosen = app.session_state["data fine-tuning"]
    language = next(group for group in app.get("button_group") if "한국어" in group.options)
    language.set_value("ko").run()
    assert not app.exception
    assert app.title[0].value == "훈련"
    assert app.query_params["lang"] in ("ko", ["ko"])
    assert app.session_state["recipe"] == "fine-tuning"
    assert app.session_state["data fine-tuning"] == chosen


def test_evidence_is_taken_away_under_korean_names(monkeypatch):
    from cnnviz.dashboard import language, panels
    from cnnviz.dashboard.texts import mistakes as texts

    monkeypatch.setattr(language, "current", lambda: "ko")
    names = {panels.slug(text) for text in (texts.RECEIVED, texts.EVIDENCE_FOR.format(name="티셔츠/상의"))}
    assert names == {"모델-입력", "티셔츠-상의의-근거"}  # each a file of its own


def test_an_unknown_language_is_said_in_english(open_page):
    app = open_page("overview", lang="xx")
    assert not app.exception
    assert app.title[0].value == "Overview"
    assert "'xx'" in app.text[0].value
