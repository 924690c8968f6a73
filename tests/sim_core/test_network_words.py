"""What a failure of the network is called: by its number, with a proxy and without, folded or not.

Failures that a socket on loopback can have are tried for real in `tests/interop/test_dialling.py`;
here are those that take a broken network.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket

import pytest

from sim_core.ocpp16.dialect import OCPP_16
from sim_core.wire.access import Access, Dial, dial
from sim_core.wire.connecting import QUOTED_LIMIT, explain

OFFERED = [OCPP_16]
URL = "ws://csms.example/ocpp/CP01"
STRAIGHT = dial(URL, "CP01", Access())
PROXIED = dial(URL, "CP01", Access(proxy="http://proxy.example:3128"))


def network_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("way", "place", "what"), [(STRAIGHT, "CSMS_URL", "the CSMS"), (PROXIED, "PROXY", "the proxy")]
)
def test_each_failure_names_the_option_that_it_is_about(way: Dial, place: str, what: str) -> None:
    def told(error: BaseException) -> str:
        sentence = explain(error, way, OFFERED)
        by_proxy = "the proxy cannot be reached: "
        assert sentence.startswith(by_proxy) is (way is PROXIED and "no answer" not in sentence)
        return sentence.removeprefix(by_proxy)

    refused = f"connection refused: check that {what} runs, and host and port in {place}"
    assert told(network_error(errno.ECONNREFUSED)) == refused
    folded = "Multiple exceptions: [Errno 111] Connect call failed ('::1', 9), [Errno 111] …"
    assert told(OSError(folded)) == refused
    for number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN):
        assert told(network_error(number)) == (
            f"there is no way to the host in {place}: check the network of this computer"
        )
    unknown = f"the host name in {place} is not known: check it, and the DNS of this computer"
    lookup = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert told(lookup) == unknown
    outer = OSError("could not connect")
    outer.__cause__ = lookup
    assert told(outer) == unknown
    assert told(network_error(errno.EACCES)) == (
        f"permission denied: check the network and {place}"
    )
    assert told(OSError("Odd")) == f"odd: check the network and {place}"
    assert told(EOFError()) == f"the link failed (EOFError): check the network and {place}"
    long = told(OSError("X" * 10_000))
    assert len(long) < QUOTED_LIMIT + 60
    assert "…" in long


def test_no_answer_is_another_thing_than_a_time_out_of_the_network() -> None:
    for error in (TimeoutError(), asyncio.TimeoutError()):
        assert explain(error, STRAIGHT, OFFERED).startswith("no answer within ")
        assert "in CSMS_URL and the firewalls" in explain(error, STRAIGHT, OFFERED)
        assert "in PROXY, the CSMS behind it, and the firewalls" in explain(error, PROXIED, OFFERED)
    by_number = explain(network_error(errno.ETIMEDOUT), STRAIGHT, OFFERED)
    assert "check the network and CSMS_URL" in by_number


@pytest.mark.parametrize("error", [ConnectionResetError(), EOFError()])
def test_a_cut_in_a_handshake_of_tls_is_told_as_such(error: BaseException) -> None:
    secure = dial("wss://csms.example/ocpp/CP01", "CP01", Access())
    assert "during the TLS handshake" in explain(error, secure, OFFERED)
    assert "TLS" not in explain(error, STRAIGHT, OFFERED)
    assert "TLS" not in explain(error, None, OFFERED)


def test_what_nobody_has_thought_of_is_named_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert explain(RuntimeError("odd"), None, OFFERED) == "RuntimeError: odd"
    assert "an attempt to connect failed in an unknown way" in caplog.text
