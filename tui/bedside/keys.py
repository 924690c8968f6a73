"""What a person can do beside a real charger: a key table without the acts of a driver.

Nobody plugs a real cable in by a key. What there is to ask is what a CSMS may ask
(`sim_core.bedside.commands`), on the keys that do the same to a simulated charger.
"""

from __future__ import annotations

from sim_core.snapshot import ConnectorSnapshot, ConnectorState
from tui.keymap import (
    CONNECTOR,
    FOOTER,
    LINK,
    MESSAGES,
    ROWS,
    Button,
    FooterItem,
    Keymap,
    Row,
)

ON_SCREEN_WORDS = """
select next_charger previous_charger sessions events filter next_match previous_match hide
follow top end inspect copy copy_both save up down left right page_up page_down next_pane back
zoom theme help palette shell quit
"""
ON_SCREEN = frozenset(ON_SCREEN_WORDS.split())
"""Acts on the screen that mean here what they mean everywhere. The others look into a charge point
that is simulated, or speak in its name."""

TWIN_ROW = Row(
    "differences",
    ("d",),
    "d",
    "differences",
    "What the charger says otherwise than its twin, the first thing on top",
    MESSAGES,
)
"""Where a charger has a twin."""

METAL_ROWS: tuple[Row, ...] = (
    Row(
        "remote_start",
        ("s",),
        "s",
        "remote start",
        "Ask the charger to start with a card (RemoteStartTransaction)",
        CONNECTOR,
        refusal="remote_start",
    ),
    Row(
        "remote_stop",
        ("x",),
        "x",
        "remote stop",
        "Ask the charger to stop the transaction (RemoteStopTransaction)",
        CONNECTOR,
        refusal="remote_stop",
    ),
    Row(
        "unlock_connector",
        ("u",),
        "u",
        "unlock",
        "Ask the charger to unlock the connector (UnlockConnector)",
        CONNECTOR,
        refusal="unlock_connector",
    ),
    Row(
        "availability",
        ("a",),
        "a",
        "availability",
        "Put the connector in or out of service (ChangeAvailability)",
        CONNECTOR,
        refusal="availability",
    ),
    Row(
        "trigger",
        ("m",),
        "m",
        "trigger",
        "Ask the charger for a message (TriggerMessage)",
        CONNECTOR,
        refusal="trigger",
    ),
    Row(
        "reset",
        ("R", "shift+r"),
        "R",
        "reset",
        "Reset the charger, soft or hard (Reset)",
        LINK,
        refusal="reset",
    ),
    Row(
        "get_configuration",
        ("i",),
        "i",
        "get config",
        "Ask the charger for its configuration (GetConfiguration)",
        LINK,
        refusal="get_configuration",
    ),
    Row(
        "change_configuration",
        ("I", "shift+i"),
        "I",
        "change config",
        "Set a key of the charger's configuration (ChangeConfiguration)",
        LINK,
        refusal="change_configuration",
    ),
    Row(
        "resume",
        ("r",),
        "r",
        "start again",
        "After a failure: start the relay again",
        LINK,
    ),
)

METAL_FOOTER: tuple[FooterItem, ...] = (
    FooterItem(("select",), "select", 4),
    FooterItem(("remote_start",), "start", 0),
    FooterItem(("remote_stop",), "stop", 0),
    FooterItem(("unlock_connector",), "unlock", 1),
    FooterItem(("trigger",), "trigger", 2),
    FooterItem(("availability",), "availability", 5),
    FooterItem(("reset",), "reset", 1),
    FooterItem(("get_configuration", "change_configuration"), "config", 3),
    FooterItem(("next_charger",), "next charger", 6),
    *(item for item in FOOTER if not item.label or item.rows[0] in ("inspect", "zoom", "theme")),
)

METAL_STEPS: dict[ConnectorState, str] = {
    ConnectorState.FREE: "a vehicle may come",
    ConnectorState.PREPARING: "{remote_start} asks it to start",
    ConnectorState.CHARGING: "{remote_stop} asks it to stop",
    ConnectorState.PAUSED_BY_VEHICLE: "it takes nothing now, {remote_stop} asks it to stop",
    ConnectorState.PAUSED_BY_CHARGER: "it offers nothing now, {remote_stop} asks it to stop",
    ConnectorState.ENDED: "over, the vehicle is still there",
    ConnectorState.RESERVED: "kept until its card comes",
    ConnectorState.OUT_OF_SERVICE: "{availability} puts it into service",
    ConnectorState.FAULTED: "to be mended at the charger",
    ConnectorState.UNKNOWN: "nobody has said yet how it is",
}
"""What a person would sensibly press next, per state."""


def metal_buttons(connector: ConnectorSnapshot) -> tuple[Button, ...]:
    """What may be asked of this connector."""
    choices = (
        ("Start", "remote_start"),
        ("Stop", "remote_stop"),
        ("Unlock", "unlock_connector"),
        ("Trigger", "trigger"),
    )
    return tuple(Button(label, row, row not in connector.refusals) for label, row in choices)


def metal_keymap(*, twin: bool = False) -> Keymap:
    """The key table beside a real charger, and beside one that has a twin."""
    first, *rest = (row for row in ROWS if row.id in ON_SCREEN)
    of_twin = (TWIN_ROW,) if twin else ()
    in_footer = (FooterItem(("differences",), "differences", 0),) if twin else ()
    return Keymap(
        (first, *METAL_ROWS, *of_twin, *rest),
        footer=(*in_footer, *METAL_FOOTER),
        buttons=metal_buttons,
        next_steps=METAL_STEPS,
    )
