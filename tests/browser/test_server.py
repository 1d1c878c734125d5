"""Who is answered: nobody who comes by a foreign name or from a foreign page, and nobody outside is asked."""

import http.client
import socket
import threading

import pytest
from running import CHROMIUM, FLAGS, TIMEOUT, running_app

FOREIGN = "rebound.example"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def answer(port, path="/", **headers):
    """Status and headers of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    connection.close()
    return response.status, response.headers


@pytest.fixture(scope="module")
def asked():
    """Addresses that were asked for through a proxy, as every library that speaks HTTP asks for them."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def listen():
            while True:
                try:
                    client, _ = proxy.accept()
                except OSError:  # closed: the tests are over
                    return
                seen.append(client.recv(1000))
                client.close()

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.getsockname()[1]}", seen


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory, asked):
    """Port of a server that listens on all addresses, as in a container."""
    folder = tmp_path_factory.mktemp("open")
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), asked[0])
    with running_app(
        folder, folder / "log.txt", "--host", "0.0.0.0", "--allow-host", "Viz.School.example",
        CNNVIZ_CACHE_DIR=str(folder), no_proxy="", NO_PROXY="", **proxies,
    ) as port:  # fmt: skip
        yield port


@pytest.fixture
def own_port(server):
    return int(server.rpartition(":")[2])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("LOCALHOST.", 200),
        ("[::1]", 200),
        (FOREIGN, 403),
        (f"localhost.{FOREIGN}", 403),
        (f"localhost@{FOREIGN}", 403),
        ("192.168.7.7", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_only_its_own_names_are_answered(own_port, host, status):
    for name in (host, f"{host}:{own_port}"):
        assert answer(own_port, Host=name)[0] == status
        socket_status, _ = answer(own_port, "/_stcore/stream", Host=name, **UPGRADE)
        assert socket_status == (101 if status == 200 else 403)


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:{other}", "http://localhost:{port}", f"http://{FOREIGN}", "null", "file://", "[::1"]
)
def test_a_page_from_elsewhere_opens_no_socket(own_port, origin):
    origin, host = origin.format(port=own_port, other=own_port + 1), f"127.0.0.1:{own_port}"
    assert answer(own_port, "/_stcore/stream", Host=host, Origin=origin, **UPGRADE)[0] == 403
    assert answer(own_port, "/_stcore/stream", Host=host, Origin=f"http://{host}", **UPGRADE)[0] == 101


def test_other_sites_can_neither_frame_the_pages_nor_read_what_the_server_counts(own_port):
    status, headers = answer(own_port)
    assert status == 200
    assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert answer(own_port, "/_stcore/metrics")[0] == 403


@pytest.mark.parametrize(
    ("host", "status"), [("192.168.7.7", 200), ("[fe80::1]", 200), ("viz.school.example", 200), (FOREIGN, 403)]
)
def test_a_server_open_to_all_is_reached_by_addresses_and_names_of_its_own(open_to_all, host, status):
    assert answer(open_to_all, Host=host)[0] == status
    origin = f"https://{host}"  # behind a proxy that speaks TLS
    socket_status, _ = answer(open_to_all, "/_stcore/stream", Host=host, Origin=origin, **UPGRADE)
    assert socket_status == (101 if status == 200 else 403)


def test_an_upload_without_room_is_refused_before_it_is_read(own_port):
    statuses = []
    for megabytes in (900, 200):
        connection = http.client.HTTPConnection("127.0.0.1", own_port, timeout=20)
        connection.putrequest("PUT", "/_stcore/upload_file/nobody/file")
        connection.putheader("Content-Length", str(megabytes * 2**20))
        connection.endheaders()
        statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [413, 403]  # the second has room, and no token of a page


def test_nobody_outside_is_asked(open_to_all, asked):
    assert answer(open_to_all)[0] == 200
    answer(open_to_all, "/_stcore/stream", Host="127.0.0.1", Origin="http://10.9.8.7", **UPGRADE)
    assert asked[1] == []


def test_a_name_that_was_rebound_shows_nothing(chromium, own_port):
    """A browser that takes a foreign name for this machine gets no page, and no socket from a page of that name."""
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=[*FLAGS, f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1"]
    )
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT)
    response = page.goto(f"http://{FOREIGN}:{own_port}/")
    assert response.status == 403
    opened = page.evaluate(
        """port => new Promise(done => {
            const socket = new WebSocket(`ws://${location.hostname}:${port}/_stcore/stream`);
            socket.onopen = () => done(true);
            socket.onerror = () => done(false);
        })""",
        own_port,
    )
    assert opened is False
    browser.close()
