"""Does the socket take what pages send, as fast as a person causes it, and nothing that stops or harms the others?"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from cnnviz.dashboard import message_limits, private_streamlit
from cnnviz.dashboard.message_limits import MessageLimits

BURST, A_SECOND = 60, 20


def written(**fields):
    message = BackMsg()
    for name, value in fields.items():
        setattr(message, name, value)
    return message.SerializeToString()


def rerun(widgets=0, text=""):
    message = BackMsg()
    message.rerun_script.query_string = text
    message.rerun_script.widget_states.widgets.extend(WidgetState(id=f"w{n}", bool_value=True) for n in range(widgets))
    return message.SerializeToString()


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(message_limits.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(message_limits.asyncio, "sleep", self.sleep)

    async def sleep(self, seconds):
        self.now += seconds


def files(count):
    message = BackMsg()
    message.file_urls_request.file_names.extend(["a"] * count)
    return message.SerializeToString()


def passed_on(*sent, kind="websocket"):
    """What the server gets of some bytes, or whole messages, that a browser sends."""
    messages = iter([one if isinstance(one, dict) else {"type": "websocket.receive", "bytes": one} for one in sent])
    taken = []

    async def receive():
        return next(messages, {"type": "websocket.disconnect", "code": 1000})

    async def app(scope, receive, send):
        while (message := await receive())["type"] == "websocket.receive":
            taken.append(message.get("bytes"))
        taken.append(message["code"])

    with ThreadPoolExecutor(1) as pool:  # this thread may have the loop of a browser
        pool.submit(asyncio.run, MessageLimits(app)({"type": kind}, receive, None)).result()
    return taken


@pytest.mark.parametrize("kind", sorted(private_streamlit.PAGE_MESSAGES))
def test_what_pages_send_is_passed_on(kind):
    message = BackMsg()
    if isinstance(getattr(message, kind), bool):
        setattr(message, kind, True)
    else:
        getattr(message, kind).SetInParent()
    data = message.SerializeToString()
    assert passed_on(data) == [data, 1000]


@pytest.mark.parametrize("fields", [{"clear_cache": True}, {"load_git_info": True}, {"set_run_on_save": True},
                                    {"debug_shutdown_runtime": True}, {"debug_disconnect_websocket": True}],
                         ids=str)  # fmt: skip
def test_what_no_page_sends_never_arrives(fields):
    assert passed_on(written(**fields), rerun()) == [rerun(), 1000]


@pytest.mark.parametrize("data", [b"", b"\xff" * 20, b"no message"])
def test_what_is_no_message_never_arrives(data):
    assert passed_on(data, rerun()) == [rerun(), 1000]


def test_every_kind_of_message_is_either_passed_on_or_known_to_be_left_out():
    kinds = {field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields}
    left_out = {"clear_cache", "set_run_on_save", "load_git_info", "debug_disconnect_websocket",
                "debug_shutdown_runtime"}  # fmt: skip
    assert kinds == private_streamlit.PAGE_MESSAGES | left_out, "Streamlit has another kind of message: who sends it?"


@pytest.mark.parametrize(
    ("data", "is_taken"),
    [
        (rerun(1000), True),
        (rerun(1001), False),
        (rerun(text="x" * (2**20 - 100)), True),
        (rerun(text="x" * 2**20), False),
        (files(20), True),
        (files(21), False),
    ],
    ids=["many widgets", "too many", "large", "too large", "files", "too many files"],
)
def test_a_socket_that_sends_more_than_a_page_holds_is_closed(data, is_taken):
    assert passed_on(data, rerun()) == ([data, rerun(), 1000] if is_taken else [1008])


def test_a_burst_is_passed_on_at_once_and_a_flood_as_fast_as_a_person_clicks(monkeypatch):
    clock = Clock(monkeypatch)
    assert len(passed_on(*[rerun()] * BURST)) == BURST + 1
    assert clock.now == 100
    passed_on(*[rerun()] * (BURST + 100))
    assert clock.now == pytest.approx(100 + 100 / A_SECOND)


def test_messages_that_are_left_out_count_as_well(monkeypatch):
    clock = Clock(monkeypatch)
    passed_on(*[written(load_git_info=True)] * (BURST + 200))
    assert clock.now == pytest.approx(100 + 200 / A_SECOND)


def test_whoever_pauses_may_send_a_burst_again(monkeypatch):
    clock = Clock(monkeypatch)
    limited = message_limits._Arriving(None)

    async def take(count):
        for _ in range(count):
            await limited._take_turn()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, take(BURST)).result()
        clock.now += BURST / A_SECOND
        before = clock.now
        pool.submit(asyncio.run, take(BURST)).result()
        assert clock.now == before
        pool.submit(asyncio.run, take(1)).result()
        assert clock.now > before


def test_text_other_kinds_of_connections_and_the_end_pass_as_they_are():
    assert passed_on({"type": "websocket.receive", "text": "hello"}) == [None, 1000]
    huge = rerun(text="x" * 2**21)
    assert passed_on(huge, kind="http") == [huge, 1000]
