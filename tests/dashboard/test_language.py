"""Is every text there in both languages, and is it said in the session's?"""

import ast
import re
import string
import threading
from pathlib import Path

import make_texts
import pytest
from babel.messages.mofile import read_mo

from cnnviz.dashboard import language
from cnnviz.sentences import Sentence

ROOT = Path(__file__).parents[2]
PAGES = [*(ROOT / "cnnviz/dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
OTHERS = sorted(language.LANGUAGES.keys() - {language.ENGLISH})
# Names, formulas, and what is typed as it stands: the same in every language.
SAME = {
    *("English", "한국어", "viridis", "cividis", "magma", "jet", "same", "JPEG", "F1", "ReLU", "LeNet-5"),
    *("log p", "{rows} x {columns} x {channels}", "PCA", "t-SNE", "MACs", "RGB", "valid"),
    *("VGG16", "F(x) + x", "tensorboard --logdir {folder}"),
    *("max(0, {x}) = {y}", "min(6, max(0, {x})) = {y}", "1 / (1 + e^−({x})) = {y}", "tanh({x}) = {y}"),
    *("e^({score} − {largest})", "log({own} / {total}) = {value}", "ReLU: max(0, {sum}) = {value}"),
}


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def translations(catalog):
    """What a catalog says, without the header, which names the version of the tool that wrote it."""
    return {(message.context, message.id): message.string for message in catalog if message.id and message.string}


@pytest.fixture(scope="module", params=OTHERS)
def catalog(request):
    return make_texts.read(request.param)


@pytest.fixture(scope="module")
def pairs(catalog):
    """English and the other language, where there is a translation."""
    return [(message.id, message.string) for message in catalog if message.id and message.string]


@pytest.fixture
def korean(monkeypatch):
    monkeypatch.setattr(language, "current", lambda: "ko")


def test_there_are_many_texts_and_each_has_a_translation(catalog):
    wanted = {(context or None, text) for context, text, _ in make_texts.messages()}
    assert len(wanted) > 800
    missing = [key for key in wanted if not (found := catalog.get(key[1], key[0])) or not found.string]
    assert not missing, f"{len(missing)} texts are not translated: run `make texts`, then fill them in. {missing[:5]}"


def test_nothing_is_translated_that_is_not_said_any_more(catalog):
    wanted = {(context or None, text) for context, text, _ in make_texts.messages()}
    assert not [message.id for message in catalog if message.id and (message.context, message.id) not in wanted]
    assert not catalog.obsolete
    assert not [message.id for message in catalog if message.id and message.fuzzy]


def test_translations_use_the_same_placeholders(pairs):
    compared = [pair for pair in pairs if "{" in pair[0]]
    assert len(compared) > 200
    for english, other in compared:
        assert placeholders(english) == placeholders(other), english


def test_translations_keep_the_emphasis_and_the_code_of_markdown(pairs):
    for english, other in pairs:
        assert [english.count(mark) for mark in ("**", "`", "](")] == [other.count(mark) for mark in ("**", "`", "](")]


def test_only_names_are_the_same_in_both_languages(pairs):
    assert {english for english, other in pairs if english == other} <= SAME


def test_korean_is_written_in_korean_letters():
    said = [(message.id, message.string) for message in make_texts.read("ko") if message.id and message.string]
    assert {one for one, other in said if re.search("[a-z]{2}", one) and not re.search("[가-힣]", other)} <= SAME


@pytest.mark.parametrize("key", OTHERS)
def test_the_compiled_catalog_is_that_of_the_texts(key):
    with (make_texts.folder(key) / f"{language.DOMAIN}.mo").open("rb") as file:
        compiled = translations(read_mo(file))
    assert len(compiled) > 800
    assert compiled == translations(make_texts.read(key)), "run `make texts`"


def test_texts_modules_hold_constants_only():
    for path in (ROOT / "cnnviz/dashboard/texts").glob("[!_]*.py"):
        for node in ast.parse(path.read_text()).body:
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            is_constant = isinstance(node, ast.Assign | ast.AnnAssign)
            assert is_docstring or is_constant or isinstance(node, ast.Import | ast.ImportFrom), (path, node.lineno)


def uses_of_texts(node, names):
    """Reads of texts in a node, except in functions, which run when they are called."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.Lambda):
            when_defined = [*child.args.defaults, *filter(None, child.args.kw_defaults)]
            when_defined += getattr(child, "decorator_list", [])
            yield from (use for part in when_defined for use in uses_of_texts(ast.Expression(part), names))
            continue
        if isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name) and child.value.id in names:
            yield child
        yield from uses_of_texts(child, names)


@pytest.mark.parametrize("path", sorted((ROOT / "cnnviz/dashboard").rglob("*.py")), ids=lambda path: path.stem)
def test_no_module_reads_a_text_when_it_is_imported(path):
    tree = ast.parse(path.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    texts = [node for node in imports if node.module == "cnnviz.dashboard.texts"]
    names = {alias.asname or alias.name for node in texts for alias in node.names}
    assert not [use.lineno for use in uses_of_texts(tree, names) if use.attr.isupper()]


def test_what_is_read_at_import_would_be_seen():
    tree = ast.parse("A = texts.A\ndef f(x=texts.B):\n    return texts.C\n@deco(texts.D)\ndef g(): ...")
    assert {use.attr for use in uses_of_texts(tree, {"texts"})} == {"A", "B", "D"}


def test_nothing_that_is_kept_for_all_sessions_holds_a_text():
    """What is cached is said to the next session in the language of the first; a job's thread knows no session."""
    kept = 0
    for path in PAGES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef):
                continue
            if node.name == "work" or any(ast.unparse(mark).startswith("kept(") for mark in node.decorator_list):
                kept += 1
                body = "\n".join(map(ast.unparse, node.body))
                assert not re.search(r"\b(\w*texts|shared)\.[A-Z_]+\b|language\.", body), (path.name, node.name)
    assert kept > 40


# Streamlit's calls whose first argument nobody reads.
SILENT = {"html", "switch_page", "set_page_config", "Page", "columns", "container", "form", "fragment", "code", "latex"}
SHOWN = {"label", "help", "placeholder", "alt", "text", "body", "title"}


def literal(node):
    """What a string in the source says by itself."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def shown_by(call):
    """Arguments of a call that stand on the page."""
    place, _, name = ast.unparse(call.func).partition(".")
    is_element = "." not in name or name.startswith("column_config.")
    if place not in ("st", "components", "panels") or name in SILENT or not is_element:
        return []
    return [*call.args[: place == "st"], *(word.value for word in call.keywords if word.arg in SHOWN)]


def test_no_element_is_given_a_literal_to_show():
    shown = 0
    for path in PAGES:
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        for text in (text for call in calls for text in shown_by(call)):
            shown += 1
            assert not make_texts.has_words(literal(text)), (path.name, text.lineno, literal(text))
    assert shown > 200


def test_errors_are_raised_with_a_template():
    for path in make_texts.PACKAGE.rglob("*.py"):
        if "cli" in path.relative_to(make_texts.PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in make_texts.SPEAKERS:
                assert not [text for text in node.args if isinstance(text, ast.JoinedStr | ast.BinOp)], (
                    f"{path.name}:{node.lineno}: name the values instead"
                )


def test_a_sentence_is_said_with_its_values_and_their_own_sentences(korean):
    advice = Sentence("Save the model with model.save('name.keras').")
    what = Sentence("a folder, not a model file")
    said = language.say(Sentence("{name} is {what}. {advice}", name="'Coat'", what=what, advice=advice))
    assert said == "'Coat': 모델 파일이 아닌 폴더입니다. model.save('name.keras')로 모델을 저장하세요."


def test_a_sentence_that_was_kept_as_plain_text_is_recognized(korean):
    kept = "The loss became nan in epoch 3. Try a lower learning rate, or clip the gradients."
    assert (
        language.say(kept) == "에포크 3에서 손실이 nan 값이 되었습니다. 학습률을 줄이거나 그레이디언트를 잘라 보세요."
    )
    for text in ("'cat.jpg' is empty. Choose another file.", "Channels of cats and dogs", "No such sentence.", "."):
        assert (language.say(text) == text) == ("empty" not in text)


def test_every_sentence_with_values_is_recognized(korean):
    catalog = make_texts.read("ko")
    templates = [text for context, text, _ in make_texts.messages() if not context and "{" in text and text[-1] == "."]
    assert len(templates) > 100
    for template in templates:
        english, translated = (
            "".join(words + ("7" if name else "") for words, name, _, _ in string.Formatter().parse(text))
            for text in (template, catalog.get(template).string)
        )
        assert language.say(english) == translated


def test_containers_keep_their_keys_and_their_type(korean):
    assert language.say({"Model": "Model", "n": 3}, "shared") == {"Model": "모델", "n": 3}
    assert language.say(("Model", "?"), "shared") == ("모델", "?")
    assert language.say("", "shared") == ""


def test_a_word_is_said_as_its_page_means_it(korean):
    assert language.say("right", "heatmaps") == "오른쪽"
    assert language.say("correct", "mistakes") == "정답"


def test_class_names_that_do_not_ship_stay(korean):
    assert language.class_names(("Coat", "Training", "tabby, tabby cat")) == ("코트", "Training", "tabby, tabby cat")


def test_texts_are_english_without_a_session_and_may_speak_what_a_session_did(korean, monkeypatch):
    from cnnviz.dashboard.texts import shared

    kept = language.kept(lambda: shared.MODEL)
    assert shared.MODEL == "모델"
    monkeypatch.undo()
    said = []
    thread = threading.Thread(target=lambda: said.extend([kept(), shared.MODEL]))
    thread.start()
    thread.join()
    assert said == ["모델", "Model"]
