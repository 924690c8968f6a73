"""Why a value cannot be a key's: what the log says where the CSMS only hears Rejected."""

from __future__ import annotations

import pytest

from sim_core.ocpp16.configuration_keys import Key, Kind
from sim_core.ocpp16.key_refusals import why_rejected
from tests.harness import Harness

KNOWN = tuple("ABCDEFGHIJK")


def a_list(known: int | None, most: int = 100) -> Key:
    allowed = None if known is None else KNOWN[:known]
    return Key("Some", Kind.LIST, "", allowed=allowed, most=most)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        (Key("K", Kind.INTEGER, "1", readonly=True), "2", "a CSMS may only read it"),
        (Key("K", Kind.BOOLEAN, "true"), "yes", "it is true or false, not 'yes'"),
        (
            Key("K", Kind.INTEGER, "1", low=1, high=9),
            "10",
            "it is a whole number from 1 to 9, not '10'",
        ),
        (
            Key("K", Kind.INTEGER, "5", low=5, high=9, off=True),
            "4",
            "it is a whole number from 5 to 9, or 0 for never, not '4'",
        ),
        (
            Key("K", Kind.INTEGER, "5", low=0, high=9, off=True),
            "x",
            "it is a whole number from 0 to 9, not 'x'",
        ),
        (Key("K", Kind.TEXT, ""), "x" * 501, "it takes 500 characters at most, not 501"),
        (
            Key("K", Kind.SECRET, ""),
            "hunter2",
            "it is 16 to 20 characters, or twice as many hexadecimal digits; 7 characters came",
        ),
        (a_list(3), "A, B", "it is a list with commas and without spaces"),
        (a_list(3), " X", "it is a list with commas and without spaces"),
        (a_list(3), "A,X", "it does not know 'X'; it knows A, B, C"),
        (
            a_list(10),
            "1,2,3,4,5",
            "it does not know '1', '2', '3', '4', '5'; it knows A, B, C, D, E, F, G, H, I, J",
        ),
        (
            a_list(11),
            "1,A,2,3,4,5,6,7",
            "it does not know '1', '2', '3', '4', '5' and 2 more; "
            "it knows A, B, C, D, E, F, G, H, I, J, …",
        ),
        (a_list(3), "A,B,A", "an item is in the list twice"),
        (a_list(None), "X,X", "an item is in the list twice"),
        (a_list(3, most=2), "A,B,C", "it takes 2 items at most, not 3"),
        (a_list(None, most=1), "X,Y", "it takes 1 items at most, not 2"),
    ],
)
def test_each_kind_of_key_says_what_it_takes(key: Key, value: str, why: str) -> None:
    assert key.readonly or key.normal(value) is None, "it is refused indeed"
    assert why_rejected(key, value) == why


@pytest.mark.parametrize(
    ("length", "shown"), [(40, "x" * 40), (41, "x" * 39 + "…"), (5_000, "x" * 39 + "…")]
)
def test_what_came_is_quoted_in_bounds(length: int, shown: str) -> None:
    assert why_rejected(Key("K", Kind.BOOLEAN, ""), "x" * length).endswith(f"not '{shown}'")


async def test_the_log_says_it_and_hides_a_secret() -> None:
    async with Harness() as harness:
        for key, value in (
            ("HeartbeatInterval", "often"),
            ("AuthorizationKey", "s3cr3t-too-long-" * 3),
            ("NumberOfConnectors", "7"),
            ("NoSuchKey", "1"),
        ):
            await harness.ask("ChangeConfiguration", key=key, value=value)
        told = [
            event.text
            for event in harness.events.since(0)[1]
            if event.kind in ("configuration", "security") and "was refused" in event.text
        ]
        assert len(told) == 3, "a key that there is not is no refused value"
        assert told[0].startswith("HeartbeatInterval was refused: it is a whole number from ")
        assert told[1].startswith("AuthorizationKey was refused: ")
        assert "s3cr3t" not in "".join(told)
        assert told[2] == "NumberOfConnectors was refused: a CSMS may only read it"
