"""Who gets in, who does not: over plain HTTP, as an attacker would ask."""

from __future__ import annotations

import http.client
import socket
import urllib.parse
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from imgdash.dashboard.login import cookie_name
from imgdash.dashboard.review.worklist import look, sent
from tests.dashboard.conftest import PASSWORD, Station
from tests.helpers import wait_until


def ask(
    station: Station, method: str, path: str, form: dict[str, str] | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", station.dashboard.port, timeout=20)
    body = urllib.parse.urlencode(form) if form else None
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def cookie(station: Station, name: str, password: str = PASSWORD) -> str:
    answer, _ = ask(station, "POST", "/login", {"username": name, "password": password})
    assert answer.status == 302
    (ours,) = SimpleCookie(answer.getheader("Set-Cookie")).values()
    return ours.OutputString([]).strip()


@pytest.fixture(scope="module")
def image(station: Station) -> str:
    return station.take()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_that_leads_nowhere_says_so_and_leads_back(station: Station, method: str) -> None:
    answer, page = ask(station, method, "/nonsense/<b>", {"a": "b"} if method == "POST" else None)
    assert answer.status == 404
    assert b"There is nothing at this address." in page
    assert b'<a href="/">' in page
    assert b"nonsense" not in page
    assert "default-src 'none'" in str(answer.getheader("Content-Security-Policy"))


def test_nobody_sees_the_page_without_a_login(station: Station) -> None:
    answer, _ = ask(station, "GET", "/")
    assert answer.status == 302
    assert "login" in str(answer.getheader("Location"))


def test_the_right_password_enters_and_the_cookie_is_kept_from_scripts_and_other_sites(station: Station) -> None:
    answer, _ = ask(station, "POST", "/login", {"username": "max", "password": PASSWORD, "next": "/?page=review"})
    assert (answer.status, answer.getheader("Location")) == (302, "/?page=review")
    flags = str(answer.getheader("Set-Cookie")).lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    assert PASSWORD not in flags


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x"])
def test_a_login_leads_to_no_other_host(station: Station, target: str) -> None:
    answer, _ = ask(station, "POST", "/login", {"username": "max", "password": PASSWORD, "next": target})
    assert answer.getheader("Location") == "/"


def test_a_form_of_another_site_does_not_log_in(station: Station) -> None:
    form = {"username": "max", "password": PASSWORD}
    # A sandboxed frame of any site has the origin "null"; some requests say only that they cross sites.
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        answer, _ = ask(station, "POST", "/login", form, **headers)
        assert answer.status == 403
    answer, _ = ask(station, "POST", "/login", form, Origin=f"http://127.0.0.1:{station.dashboard.port}")
    assert answer.status == 302


def test_nobody_is_logged_out_by_another_site(station: Station) -> None:
    mine = cookie(station, "max")
    answer, _ = ask(station, "GET", "/logout", Cookie=mine)
    assert answer.status == 405
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        answer, _ = ask(station, "POST", "/logout", Cookie=mine, **headers)
        assert (answer.status, answer.getheader("Set-Cookie")) == (403, None)
    answer, _ = ask(station, "POST", "/logout", Cookie=mine, Origin=f"http://127.0.0.1:{station.dashboard.port}")
    assert cookie_name(station.folder) in str(answer.getheader("Set-Cookie"))


def test_guessing_locks_the_name_but_not_the_others(station: Station) -> None:
    for _ in range(8):
        answer, page = ask(station, "POST", "/login", {"username": "rita", "password": "a wrong guess"})
        if answer.status == 429:
            break
    assert answer.status == 429
    assert b"wait" in page
    answer, _ = ask(station, "POST", "/login", {"username": "rita", "password": PASSWORD})
    assert answer.status == 429
    assert cookie(station, "mona")


def test_a_name_is_shown_as_text(station: Station) -> None:
    _, page = ask(station, "POST", "/login", {"username": "<script>x", "password": "a wrong guess"})
    assert b"<script>x" not in page
    assert b"&lt;script&gt;x" in page


def test_pixels_only_for_who_is_logged_in(station: Station, image: str) -> None:
    for kind in ("thumbnail", "preview", "frame", "received"):
        answer, _ = ask(station, "GET", f"/image/{image}/{kind}")
        assert answer.status == 401
        answer, _ = ask(station, "GET", f"/image/{image}/{kind}", Cookie=f"{cookie_name(station.folder)}=forged")
        assert answer.status == 401


def test_frames_say_their_shape_and_are_kept_by_the_browser(station: Station, image: str) -> None:
    mine = cookie(station, "max")
    version = look(station.apparatus.image(image))
    answer, pixels = ask(station, "GET", f"/image/{image}/frame?v={version}", Cookie=mine)
    rows, columns = map(int, str(answer.getheader("X-Shape")).split(","))
    assert (rows, columns) == (260, 260)
    assert len(pixels) == 2 * rows * columns
    assert "immutable" in str(answer.getheader("Cache-Control"))
    again, nothing = ask(
        station, "GET", f"/image/{image}/frame?v={version}", Cookie=mine, If_None_Match=str(answer.getheader("Etag"))
    )
    assert (again.status, nothing) == (304, b"")


@pytest.mark.parametrize("kind", ["thumbnail", "preview", "output"])
def test_pixels_of_an_image_that_was_changed_meanwhile_are_not_kept(station: Station, image: str, kind: str) -> None:
    header, mine = station.apparatus.image(image), cookie(station, "max")
    name = f"&a={station.apparatus.site.apparatus[0].name}" if kind == "output" else ""
    now = sent(header) if kind == "output" else look(header)
    for version, rule in ((now, "immutable"), ("0" * 16, "no-store")):
        answer, _ = ask(station, "GET", f"/image/{image}/{kind}?v={version}{name}", Cookie=mine)
        assert answer.status == 200
        assert rule in str(answer.getheader("Cache-Control"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/image/" + "0" * 32 + "/preview", 404),
        ("/image/../../etc/passwd/preview", 404),
        ("/image/{image}/preview?o=%7B", 422),
        ("/image/{image}/preview?o=%7B%22gradation.contrast%22:99%7D", 422),
        ("/image/{image}/preview?o=%7B%22no.such%22:1%7D", 422),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(station: Station, image: str, path: str, status: int) -> None:
    answer, _ = ask(station, "GET", path.format(image=image), Cookie=cookie(station, "max"))
    assert answer.status == status
    assert answer.getheader("Etag") is None or status == 404


def test_a_user_who_was_removed_is_nobody_at_once(station: Station, image: str) -> None:
    station.apparatus.users.add("gone", "user", PASSWORD)
    mine = cookie(station, "gone")
    answer, _ = ask(station, "GET", f"/image/{image}/preview", Cookie=mine)
    assert answer.status == 200
    station.apparatus.users.remove("gone")
    answer, _ = ask(station, "GET", f"/image/{image}/preview", Cookie=mine)
    assert answer.status == 401


def test_two_stations_on_one_host_share_no_login(station: Station, tmp_path: Path, image: str) -> None:
    # Browsers send cookies to every port of a host.
    theirs = cookie_name(tmp_path)
    assert theirs != cookie_name(station.folder)
    mine = cookie(station, "max")
    answer, _ = ask(station, "GET", f"/image/{image}/preview", Cookie=mine.replace(cookie_name(station.folder), theirs))
    assert answer.status == 401
    answer, _ = ask(station, "POST", "/logout", Cookie=f"{mine}; {theirs}=kept")
    assert theirs not in str(answer.getheader("Set-Cookie"))


def websocket(station: Station, token: str, who: str, origin: str) -> tuple[int, bytes]:
    """Status of the upgrade, and all that follows until the server has greeted or closes."""
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: 127.0.0.1:{station.dashboard.port}",
        f"Cookie: {who}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Sec-WebSocket-Protocol: bokeh, {token}",
        f"Origin: {origin}",
    ]
    with socket.create_connection(("127.0.0.1", station.dashboard.port), timeout=20) as sock:
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        heard = b""
        while b"ACK" not in heard:
            more = sock.recv(4096)
            heard += more
            head, ended, after = heard.partition(b"\r\n\r\n")
            # 0x88 begins a close frame.
            if not more or after.startswith(b"\x88") or (ended and b" 101 " not in head[:20]):
                break
    return int(heard.split(b" ", 2)[1]), heard


def test_websocket_only_from_our_own_page_with_its_token(station: Station) -> None:
    mine, home = cookie(station, "max"), station.dashboard.url.rstrip("/")
    _, page = ask(station, "GET", "/", Cookie=mine)
    token = page.decode().partition('"token":"')[2].partition('"')[0]
    assert websocket(station, token, mine, "http://evil.example")[0] == 403
    status, greeting = websocket(station, token, mine, home)
    assert status == 101
    assert b"ACK" in greeting
    # Nobody, and a token that was changed: no word from the server.
    assert b"ACK" not in websocket(station, token, f"{cookie_name(station.folder)}=forged", home)[1]
    head, _, signature = token.rpartition(".")
    forged = f"{head}.{signature[::-1]}" if head else token[::-1]
    assert b"ACK" not in websocket(station, forged, mine, home)[1]


def test_health_is_open_and_has_no_patient_data(station: Station, image: str) -> None:
    answer, content = ask(station, "GET", "/healthz")
    assert answer.status == 200
    assert b'"running"' in content
    assert b"Phantom" not in content
    assert wait_until(lambda: station.apparatus.health()["images"]["awaiting"]) >= 1
