"""Does a link say what is chosen, and does the session show what a link says?"""

from types import SimpleNamespace

import pytest

from cnnviz.dashboard import state


class Params(dict):
    """Query parameters as Streamlit has them; counts how often they were written."""

    written = 0

    def to_dict(self):
        return dict(self)

    def from_dict(self, values):
        self.clear()
        self.update(values)
        self.written += 1


class Browser:
    """One session: its choices, its address, and whether Back or Forward was pressed."""

    def __init__(self, monkeypatch):
        self.session, self.url, self.page, self.is_back = {}, Params(), "overview", False
        monkeypatch.setattr(state, "st", SimpleNamespace(session_state=self.session, query_params=self.url))
        monkeypatch.setattr(state.private_streamlit, "is_history_step", lambda: self.is_back)
        monkeypatch.setattr(state.private_streamlit, "page_hash", lambda: self.page)

    def goes_to(self, *, is_back=False, **parameters):
        """Run a page at an address, until its choices are made."""
        self.url.clear()
        self.url.update(parameters)
        self.is_back = is_back
        state.follow_url()


@pytest.fixture
def browser(monkeypatch):
    return Browser(monkeypatch)


LAYERS = ["conv1", "conv2"]


def test_a_link_chooses_what_it_says(browser):
    browser.goes_to(model="lenet5", layer="conv2", channel="3", nonsense="x")
    state.validate_choice(state.LAYER, LAYERS, "conv1")
    assert browser.session["layer"] == "conv2" and state.model() == "lenet5"
    assert browser.session["channel"] == 3 and type(browser.session["channel"]) is int
    assert "nonsense" not in browser.session
    assert state.pop_rejected() == []
    assert state.is_linked(state.LAYER) and not state.is_linked(state.CLASS)


@pytest.mark.parametrize("text", ["three", "-1", "1e3", "9" * 10, "٣"])
def test_a_channel_that_is_no_number_stays_as_it_was_written(browser, text):
    browser.goes_to(channel=text)
    assert browser.session["channel"] == text


def test_links_with_former_names_still_open(browser):
    browser.goes_to(picture="coffee", layer="conv2")
    assert state.image() == "coffee"
    state.publish()
    assert browser.url == {"image": "coffee", "layer": "conv2"}


def test_what_is_not_chosen_has_its_default(browser):
    browser.goes_to()
    assert (state.model(), state.image()) == (state.default_model(), "chelsea")


def test_a_choice_that_does_not_exist_becomes_the_default_and_is_told_once(browser):
    browser.goes_to(layer="conv9")
    state.validate_choice(state.LAYER, LAYERS, "conv1")
    assert browser.session["layer"] == "conv1"
    assert state.pop_rejected() == [("layer", "conv9", "conv1")]
    assert state.pop_rejected() == []


def test_a_choice_of_another_model_is_dropped_without_a_word_unless_it_is_to_be_told(browser):
    browser.goes_to(layer="conv2")
    state.validate_choice(state.LAYER, LAYERS, "conv1")
    state.publish()
    state.follow_url()  # the next run: no link speaks any more
    state.validate_choice(state.LAYER, ["dense"], "dense")
    assert browser.session["layer"] == "dense" and state.pop_rejected() == []
    state.select(state.LAYER, "conv2")
    state.validate_choice(state.LAYER, ["dense"], "dense", is_told=True)
    assert state.pop_rejected() == [("layer", "conv2", "dense")]


def test_a_default_stays_out_of_the_link_and_follows_its_page(browser):
    browser.goes_to()
    state.validate_choice(state.LAYER, LAYERS, "conv1")
    state.publish()
    assert browser.session["layer"] == "conv1" and browser.url == {}
    state.validate_choice(state.LAYER, LAYERS, "conv2")  # another page begins elsewhere
    state.publish()
    assert browser.session["layer"] == "conv2" and browser.url == {}


def test_what_is_pinned_stays_where_it_equals_the_default(browser):
    browser.goes_to()
    state.validate_choice(state.LAYER, LAYERS, "conv1")
    state.pin(state.LAYER, "conv1")
    state.publish()
    assert browser.url == {"layer": "conv1"}
    state.validate_choice(state.LAYER, LAYERS, "conv2")
    assert browser.session["layer"] == "conv1"


def test_all_that_a_run_changed_is_one_step_of_the_history(browser):
    browser.goes_to(model="lenet5")
    before = browser.url.written
    for key, value in {state.LAYER: "conv2", state.CHANNEL: 3, state.CLASS: "7"}.items():
        state.select(key, value)
    state.publish()
    assert browser.url == {"model": "lenet5", "layer": "conv2", "channel": "3", "class": "7"}
    assert browser.url.written == before + 1
    state.publish()
    assert browser.url.written == before + 1


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_deselected_leaves_the_link(browser, nothing):
    browser.goes_to(**{"class": "7", "layer": "conv2"})
    state.select(state.CLASS, nothing)
    state.publish()
    assert browser.url == {"layer": "conv2"}


def test_a_link_keeps_its_order(browser):
    browser.goes_to(layer="conv2", model="lenet5")
    state.publish()
    assert list(browser.url) == ["layer", "model"] and browser.url.written == 0


def test_the_session_knows_better_than_a_slow_browser(browser):
    browser.goes_to(model="lenet5")
    state.select(state.LAYER, "conv2")
    state.publish()
    browser.goes_to(model="lenet5")  # the address of before the last change
    assert browser.session["layer"] == "conv2"
    assert browser.url == {"model": "lenet5", "layer": "conv2"}


def test_back_brings_what_its_address_says_and_nothing_else(browser):
    browser.goes_to(model="lenet5")
    state.select(state.LAYER, "conv2")
    state.publish()
    browser.goes_to(model="lenet5", is_back=True)
    assert browser.session["layer"] is None and state.model() == "lenet5"
    assert not state.is_linked(state.LAYER) and state.is_linked(state.MODEL)


def test_choices_survive_a_change_of_the_page(browser):
    browser.goes_to(model="lenet5", layer="conv2")
    state.publish()
    browser.page = "filters"
    browser.goes_to()  # Streamlit drops the parameters on the way
    assert browser.url == {"model": "lenet5", "layer": "conv2"}
    assert browser.session["layer"] == "conv2"


def test_what_is_set_for_the_next_run_waits_for_it_and_comes_once(browser):
    browser.goes_to()
    state.set_on_next_run(state.LAYER, "conv2")
    assert browser.session.get("layer") is None
    state.apply_pending()
    assert browser.session["layer"] == "conv2"
    state.select(state.LAYER, "conv1")
    state.apply_pending()
    assert browser.session["layer"] == "conv1"


def test_every_choice_has_one_name_in_links():
    assert len(set(state.IN_URL)) == len(state.IN_URL)
    names = {value for name, value in vars(state).items() if name.isupper() and isinstance(value, str)}
    assert set(state.IN_URL) <= names and not set(state._OLD_KEYS) & set(state.IN_URL)


def test_a_link_to_what_was_the_default_elsewhere_keeps_it(browser):
    browser.goes_to()
    state.validate_choice(state.LAYER, LAYERS, "conv1")
    state.publish()
    browser.goes_to(is_back=True, layer="conv1")
    state.validate_choice(state.LAYER, LAYERS, "conv2")
    state.publish()
    assert browser.session["layer"] == "conv1" and browser.url == {"layer": "conv1"}
