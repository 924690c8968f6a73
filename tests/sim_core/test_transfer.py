"""Files from and to hostile places: what a location may be, and who learns the password."""

from __future__ import annotations

import asyncio
import ssl
import string
import threading
from base64 import b64encode

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.files.transfer import PORTS, TransferError, Transfers, read_location, within
from sim_core.redaction import without_users
from sim_core.runtime.clock import ManualClock, SystemClock
from tests.file_servers import FtpFiles, HttpFiles, Says


def nobody(done: int, total: int | None) -> None:
    """Nobody looks at the progress."""


def transfers(**options: object) -> Transfers:
    return Transfers(SystemClock(), **options)  # type: ignore[arg-type]


PIECES = (
    *("http", "https", "ftp", "ftps", "file", "://", "//", "/", "..", "@", ":", "user", "[", "]"),
    *("host", "127.0.0.1", "::1", "80", "99999", "%0d%0a", "%", "?q=1", "#f", "\r\n", " ", "é"),
)
URL_LIKE = st.lists(st.sampled_from(PIECES)).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), URL_LIKE))
def test_a_location_is_understood_or_refused_with_a_sentence(text: str) -> None:
    refusal = ""
    try:
        place = read_location(text)
    except TransferError as error:
        refusal = str(error)
    assert refusal.isprintable()
    if refusal:
        return
    assert place.scheme in PORTS
    assert place.host
    assert place.path.startswith("/")
    assert place.path.isascii()
    assert not set(place.path + place.query) & set("\r\n ")
    assert "@" not in place.shown.partition("/")[0]
    assert read_location(place.shown).path == place.path


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        string.ascii_letters + string.digits + "!$&'()*+,;=:@%é/?#[] <>`", min_size=1, max_size=20
    ),
    st.booleans(),
)
def test_a_password_is_hidden_wherever_it_stands(secret: str, escaped: bool) -> None:
    text = f'[2,"1","GetDiagnostics",{{"location":"ftp://me:{secret}x7x@host/a%40b"}}]'
    if escaped:
        text = text.replace("/", "\\/")
    shown = without_users(text)
    assert "x7x" not in shown
    assert shown.endswith(('host/a%40b"}]', 'host\\/a%40b"}]', '(hidden)"}]'))


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("ftp://h/logs", "/logs/a.zip"),
        ("ftp://h/logs/", "/logs/a.zip"),
        ("http://h", "/a.zip"),
        ("http://h/up?sig=1", "/up"),
    ],
)
def test_where_a_file_goes_in_a_directory(location: str, target: str) -> None:
    assert within(read_location(location), "a.zip").path == target


async def test_a_redirect_to_another_host_does_not_take_the_password_along() -> None:
    async with HttpFiles() as here, HttpFiles() as there:
        here.says["/a"] = [Says(302, headers={"Location": "/b"})]
        here.says["/b"] = [Says(307, headers={"Location": there.url + "/c"})]
        there.says["/c"] = [Says(200, b"content", chunked=True)]
        place = here.url.replace("//", "//me:secret@") + "/a"
        file = await transfers().fetch(place, nobody)
        assert (file.name, file.size, file.head) == ("a", 7, b"content")
        assert ["authorization" in one.headers for one in here.asked] == [True, True]
        assert ["authorization" in one.headers for one in there.asked] == [False]


async def test_a_name_without_a_password_is_shown_too() -> None:
    async with HttpFiles() as files:
        files.says["/a"] = [Says(200, b"content")]
        await transfers().fetch(files.url.replace("//", "//me@") + "/a", nobody)
        (asked,) = files.asked
        assert asked.headers["authorization"] == f"Basic {b64encode(b'me:').decode()}"


async def test_https_is_checked_and_never_left() -> None:
    ca = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)
    async with HttpFiles(server) as files, HttpFiles() as plain:
        files.put("/v2.bin", b"content")
        files.says["/away"] = [Says(302, headers={"Location": plain.put("/v2.bin", b"forged")})]
        with pytest.raises(TransferError, match="name its CA with CA_CERT"):
            await transfers().fetch(files.url + "/v2.bin", nobody)
        known = transfers(tls=lambda: trusting)
        assert (await known.fetch(files.url + "/v2.bin", nobody)).head == b"content"
        with pytest.raises(TransferError, match="sends from https to http"):
            await known.fetch(files.url + "/away", nobody)
        await known.send(files.url + "/v2.bin?in=place", "a.zip", lambda: b"x" * 200_000, nobody)
        assert len(files.asked[-1].body) == 200_000
        assert plain.asked == []


async def test_a_file_that_grows_beyond_what_was_said_is_left() -> None:
    async with HttpFiles() as files:
        files.says["/v2.bin"] = [Says(200, bytes(300_000), chunked=True)]
        with pytest.raises(TransferError, match="larger than 100000 bytes"):
            await transfers(largest=100_000).fetch(files.url + "/v2.bin", nobody)


@pytest.mark.parametrize("scheme", ["http", "ftp"])
async def test_the_progress_is_told_in_order(scheme: str) -> None:
    seen: list[tuple[int, int | None]] = []
    content = bytes(1_000_000)
    if scheme == "http":
        async with HttpFiles() as files:
            location = files.put("/v2.bin", content)
            await transfers().fetch(location, lambda done, total: seen.append((done, total)))
    else:
        async with FtpFiles() as ftp:
            ftp.files["v2.bin"] = content
            location = ftp.url + "/v2.bin"
            await transfers().fetch(location, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {len(content)}
    assert 2 <= len(seen) <= 101


async def test_one_who_waits_no_longer_leaves_no_thread_behind() -> None:
    async with HttpFiles() as files:
        files.says["/v2.bin"] = [Says(200, b"half", length=8, stalls=True)]
        clock = ManualClock()
        moving = Transfers(clock, limit_s=60)
        waiting = asyncio.ensure_future(moving.fetch(files.url + "/v2.bin", nobody))
        await files.arrived.wait()
        assert moving.open == 1
        await clock.advance(61)
        with pytest.raises(TransferError, match="longer than 60 s"):
            await waiting
        assert moving.open == 0
        # The socket was shut down under the thread: it ends without waiting for its patience.
        for _ in range(2_000):
            if not transfer_threads():
                break
            await asyncio.sleep(0.001)
        assert not transfer_threads()


def transfer_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "transfer"]
