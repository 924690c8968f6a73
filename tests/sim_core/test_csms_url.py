"""The address of a CSMS: what can never be dialled is refused with a sentence, what can is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.uri import parse_uri

from sim_core.settings.csms_url import NO_SCHEME, PERCENT_ADVICE, trouble, twice, with_identity
from sim_core.settings.fast_loading import load_fast
from sim_core.settings.loading import load
from sim_core.settings.options import ConfigError, Settings
from sim_core.snapshot import Registration
from sim_core.wire.access import Access, dial
from tests.harness import Harness
from tests.scripted_csms import ScriptedCsms

PORT = "the port is a whole number from 1 to 65535"
BRACKETS = "there is no IPv6 address in its brackets: write one as in ws://[::1]:9000"
NO_NAME = "the host is no host name"
CHARACTERS = "there are characters in the host that no host name has"
IMPOSSIBLE = [
    ("", NO_SCHEME),
    ("host:9000/ocpp", NO_SCHEME),
    ("http://host/ocpp", NO_SCHEME),
    ("WS://host", NO_SCHEME),
    ("ws://", "it names no host"),
    ("ws:///ocpp", "it names no host"),
    ("ws://:9000/ocpp", "it names no host"),
    ("ws://me:pass@/ocpp", f"it names no host; {PERCENT_ADVICE}"),
    ("ws://host:99999/ocpp", PORT),
    ("ws://host:0", PORT),
    ("ws://host:abc/ocpp", PORT),
    ("ws://host:-1", PORT),
    ("ws://host:９", PORT),
    ("ws://host:" + "9" * 5_000, PORT),
    ("ws://[::1/x", BRACKETS),
    ("ws://[::1]9000/x", BRACKETS),
    ("ws://[nonsense]/x", BRACKETS),
    ("ws://::1/x", "an IPv6 address stands in brackets, as in ws://[::1]:9000"),
    ("ws://a..b/x", NO_NAME),
    (f"ws://{'a' * 64}/x", NO_NAME),
    (f"ws://{'a.' * 127}a/x", NO_NAME),
    ("ws://256.1.1.1/x", "the host is no IPv4 address"),
    ("ws://ho<st/x", CHARACTERS),
    ("ws://ho st/x", "there is a blank"),
    ("ws://host/a b", "there is a blank"),
    ("ws://host/\n", "there is a blank"),
    ("ws://me:a#b@host/x", f"{PORT}; {PERCENT_ADVICE}"),
    ("ws://me:a/b@host/x", f"{PORT}; {PERCENT_ADVICE}"),
    ("ws://me:a?b@host/x", f"{PORT}; {PERCENT_ADVICE}"),
    ("ws://host/x#part", "a # ends a URL"),
    ("ws://{cpid}.host/x", "{cpid} may stand in the path and in the query, not in the host"),
    ("ws://host/{id}", "only {cpid} may stand in braces"),
    ("ws://host/{cpid", "only {cpid} may stand in braces"),
    ("ws://host/{CPID}", "only {cpid} may stand in braces"),
]


@pytest.mark.parametrize(("url", "why"), IMPOSSIBLE)
def test_what_can_never_work_says_why(url: str, why: str) -> None:
    assert trouble(url).startswith(why)
    assert trouble(url)


@pytest.mark.parametrize("url", [url for url, _ in IMPOSSIBLE if url])
def test_it_is_an_option_that_cannot_be_used(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CSMS_URL", url)
    assert load_fast(Settings, []) is None
    with pytest.raises(ConfigError) as caught:
        load([])
    assert str(caught.value).startswith("CSMS_URL (--csms-url) is '")
    why = trouble(url)
    assert why == NO_SCHEME or why in str(caught.value)


POSSIBLE = [
    "ws://host",
    "wss://host:443/",
    "ws://host:/ocpp",
    "ws://a_b-c.example./ocpp",
    "ws://127.0.0.1:9000/ocpp?tenant=7&mail=a@b",
    "ws://[2001:db8::1]:9000/ocpp",
    "ws://säule.example/ocpp",
    "wss://me:p%23%2F%3F%40@host/ocpp",
    "ws://me:{odd}@host/ocpp",
    "ws://host/ws/{cpid}/",
    "ws://host?station={cpid}",
]


@pytest.mark.parametrize("url", POSSIBLE)
def test_what_can_work_is_taken(url: str) -> None:
    assert trouble(url) == ""
    assert load(["--csms-url", url]).csms_url == url


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(st.text(max_size=40), st.text(st.sampled_from("ab:/?#[]@.%{cpid}0é"), max_size=20)),
    st.sampled_from(["", "ws://", "wss://", "ws://host/", "ws://host:"]),
)
@example("", "")
def test_whatever_is_taken_can_be_dialled(text: str, before: str) -> None:
    url = before + text
    if trouble(url):
        return
    way = dial(with_identity(url, "CP 1/ü"), "CP 1/ü", Access())
    parsed = parse_uri(way.url.replace("wss://", "ws://"))
    assert parsed.host
    assert 1 <= parsed.port <= 65_535


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=48))
def test_the_id_comes_whole_wherever_it_stands(identity: str) -> None:
    assert unquote(urlsplit(with_identity("ws://h/o", identity)).path) == f"/o/{identity}"
    inside = urlsplit(with_identity("ws://h/ws/{cpid}/x?station={cpid}", identity))
    assert unquote(inside.path) == f"/ws/{identity}/x"
    assert unquote(inside.query) == f"station={identity}"


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("/ws/{cpid}/", "/ws/CP01/"),
        ("/ws/{cpid}/1.6?a=b", "/ws/CP01/1.6?a=b"),
        ("/ocpp?station={cpid}", "/ocpp?station=CP01"),
        ("?station={cpid}", "/?station=CP01"),
        ("/{cpid}/{cpid}", "/CP01/CP01"),
    ],
)
async def test_a_csms_gets_the_id_where_it_wants_it(base: str, path: str) -> None:
    class Elsewhere(ScriptedCsms):
        @property
        def url(self) -> str:
            return super().url.removesuffix("/ocpp") + base

    async with Elsewhere() as csms, Harness(csms=csms, charge_point_id="CP01") as harness:
        assert csms.paths == [path]
        assert harness.registration is Registration.ACCEPTED


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("ws://h/ocpp/CP%2001", True),
        ("ws://h/ocpp/CP%2001/?a=b", True),
        ("ws://h/ocpp/{cpid}", False),
        ("ws://h/CP%2001/ocpp", False),
        ("ws://h/ocpp", False),
    ],
)
def test_an_id_that_would_stand_twice_is_noticed(base: str, told: bool) -> None:
    assert bool(twice(base, "CP 01")) is told
