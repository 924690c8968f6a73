"""What a person can do while a log is played: a key table without the acts of a driver.

Space and the arrows are those of a player; what they do to the messages elsewhere has `f` here.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.snapshot import ConnectorSnapshot, ConnectorState
from tui.keymap import FOOTER, LINK, ROWS, Button, FooterItem, Keymap, Row

NOT_HERE = frozenset(
    {
        "answers",
        "configuration",
        "copy_http",
        "external_limit",
        "journal",
        "left",
        "next_charger",
        "next_scene",
        "play",
        "previous_charger",
        "resume",
        "right",
        "say",
        "say_again",
        "wire_faults",
    }
)
"""What asks something of a simulated charger, or whose keys do something else here."""
OTHER_KEYS = {"follow": "f"}

REPLAY_ROWS: tuple[Row, ...] = (
    Row(
        "pause_replay", ("space",), "space", "pause/go on", "Stand still in the log, or go on", LINK
    ),
    Row(
        "step",
        ("right",),
        "right",
        "next",
        "Say what comes next in the log, and stand still there",
        LINK,
    ),
    Row(
        "step_back",
        ("left",),
        "left",
        "back",
        "What was said to a CSMS cannot be taken back: says how to play it again",
        LINK,
    ),
    Row("faster", ("plus",), "+", "faster", "Play twice as fast", LINK),
    Row("slower", ("minus",), "-", "slower", "Play half as fast", LINK),
    Row(
        "resume",
        ("r",),
        "r",
        "play again",
        "When the log is at its end, or after a failure: play it from its begin",
        LINK,
    ),
)

REPLAY_FOOTER: tuple[FooterItem, ...] = (
    FooterItem(("pause_replay",), "pause", 0),
    FooterItem(("step",), "next", 0),
    FooterItem(("faster", "slower"), "speed", 1),
    FooterItem(("resume",), "again", 2),
    FooterItem(("select",), "select", 4),
    *(item for item in FOOTER if not item.label or item.rows[0] in ("inspect", "zoom", "theme")),
)

REPLAY_STEPS: dict[ConnectorState, str] = {
    **dict.fromkeys(ConnectorState, ""),
    ConnectorState.UNKNOWN: "the log has not said yet how it is",
}


def no_buttons(connector: ConnectorSnapshot) -> tuple[Button, ...]:
    """It is as it was: nothing can be done to it."""
    return ()


def replay_keymap() -> Keymap:
    """The key table while a log is played."""
    screen = [
        replace(row, keys=(key,), shown=key) if (key := OTHER_KEYS.get(row.id)) else row
        for row in ROWS
        if row.command is None and row.id not in NOT_HERE
    ]
    first, *rest = screen
    return Keymap(
        (first, *REPLAY_ROWS, *rest),
        footer=REPLAY_FOOTER,
        buttons=no_buttons,
        next_steps=REPLAY_STEPS,
    )
