import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from starlette.requests import ClientDisconnect
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from cnnviz.dashboard import private_streamlit, upload_limits
from cnnviz.dashboard.upload_limits import UploadLimits

MEGA = 2**20
OF_A_SESSION = (20 + 256 + 256 + 256) * MEGA  # the largest of each kind, and what replaces one of them


def run(coroutine):
    """Run it in a thread of its own: this one may have the loop of a browser."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@pytest.fixture
def held(monkeypatch):
    """What the server holds for each session."""
    found = {}
    monkeypatch.setattr(upload_limits.private_streamlit, "upload_bytes", lambda: found)
    return found


class Server:
    """Takes uploads, and notes which; while told to, none of them ends."""

    def __init__(self, **limits):
        self.taken, self.goes_on = [], asyncio.Event()
        self.goes_on.set()
        self.limits = UploadLimits(self, **limits)

    async def __call__(self, scope, receive, send):
        self.taken.append(scope["path"])
        await self.goes_on.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def put(self, session, length, *, method="PUT", path="/_stcore/upload_file/{}/file"):
        statuses = []

        async def send(message):
            statuses.append(message.get("status"))

        headers = [] if length is None else [(b"content-length", str(length).encode())]
        scope = {"type": "http", "method": method, "path": path.format(session), "headers": headers}
        await self.limits(scope, None, send)
        return statuses[0]


@pytest.mark.parametrize(
    ("of_this", "of_others", "length", "status"),
    [
        (0, 0, 256 * MEGA, 204),
        (OF_A_SESSION - 5, 0, 5, 204),
        (OF_A_SESSION - 5, 0, 6, 413),
        (0, 2000 * MEGA - 5, 5, 204),
        (0, 2000 * MEGA - 5, 6, 413),
        (0, 0, None, 411),
        (0, 0, "-1", 411),
        (0, 0, "1e3", 411),
    ],
)
def test_what_is_held_and_what_comes_are_bounded_together(held, of_this, of_others, length, status):
    held.update(mine=of_this, theirs=of_others)
    server = Server(in_all=2000 * MEGA)
    assert run(server.put("mine", length)) == status
    assert len(server.taken) == (status == 204)


def test_a_size_beside_chunks_means_nothing(held):
    async def work():
        server, statuses = Server(), []

        async def send(message):
            statuses.append(message.get("status"))

        headers = [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")]
        path = "/_stcore/upload_file/mine/file"
        await server.limits({"type": "http", "method": "PUT", "path": path, "headers": headers}, None, send)
        return statuses[0], server.taken

    assert run(work()) == (411, [])


def test_uploads_that_arrive_at_the_same_time_count_until_they_have_ended(held):
    async def work():
        server = Server(in_all=OF_A_SESSION)
        server.goes_on.clear()
        under_way = [asyncio.create_task(server.put("mine", 256 * MEGA)) for _ in range(3)]
        under_way.append(asyncio.create_task(server.put("mine", 20 * MEGA)))
        await asyncio.sleep(0)
        refused = [await server.put(session, 1) for session in ("mine", "theirs")]
        server.goes_on.set()
        return await asyncio.gather(*under_way), refused, await server.put("mine", 1)

    assert run(work()) == ([204] * 4, [413, 413], 204)


def test_nothing_else_is_looked_at(held):
    held["mine"] = 10 * OF_A_SESSION
    server = Server()
    assert run(server.put("mine", None, method="DELETE")) == 204
    assert run(server.put("mine", None, path="/_stcore/health")) == 204


def test_streamlit_still_tells_what_it_holds(monkeypatch):
    manager = MemoryUploadedFileManager("/upload")
    for session, name, size in (("a", "1", 5), ("a", "2", 6), ("b", "1", 7)):
        manager.add_file(session, UploadedFileRec(name, "x.png", "image/png", bytes(size)))
    assert private_streamlit.upload_bytes() == {}  # no server runs here
    monkeypatch.setattr(private_streamlit.runtime, "exists", lambda: True)
    monkeypatch.setattr(private_streamlit.runtime, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=manager))
    assert private_streamlit.upload_bytes() == {"a": 11, "b": 7}


class Reader:
    """Reads the whole body, as Streamlit does."""

    async def __call__(self, scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            size, more = size + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})


async def status_of(chunks, *, pause):
    """Send chunks of bytes with pauses before each; what is answered, and whether the room is given back."""
    limits, left, statuses = UploadLimits(Reader()), list(chunks), []

    async def receive():
        if not left:
            await asyncio.sleep(60)
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message):
        statuses.append(message.get("status"))

    headers = [(b"content-length", b"1000000")]
    path = "/_stcore/upload_file/mine/file"
    await limits({"type": "http", "method": "PUT", "path": path, "headers": headers}, receive, send)
    return statuses[0], limits._arriving.total()


@pytest.mark.parametrize(
    ("chunks", "pause", "status"),
    [
        ([b"x" * 1000] * 5, 0.0, 204),
        ([b"x" * 10_000] * 5, 0.2, 204),  # 50 kB a second
        ([b"x"] * 5, 0.2, 408),
        ([b"x" * 100, b"x"], 1.0, 408),
    ],
)
def test_an_upload_that_hardly_moves_is_ended_and_gives_its_room_back(held, monkeypatch, chunks, pause, status):
    monkeypatch.setattr(upload_limits, "_PATIENCE_SECONDS", 0.5)
    assert run(status_of(chunks, pause=pause)) == (status, 0)
