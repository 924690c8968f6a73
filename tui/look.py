"""How things look without colour: every glyph and border, in tables.

Glyph, border shape and the protocol's own word carry a connector's state; colour only repeats them.
Each glyph is one cell wide in common fonts and has an ASCII twin. Heavy borders mean focus and
nothing else, double ones a fault and nothing else. Colour is named by its role ("success",
"muted"); see `tui.themes`.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

from sim_core.ascii_fallback import ascii_wanted
from sim_core.snapshot import ConnectorState
from tui.keymap import TABLE_KEYS, Keymap


@dataclass(frozen=True)
class Face:
    """How one state of a connector shows itself."""

    glyph: str
    ascii: str
    role: str
    border: str = "round"


FACES: dict[ConnectorState, Face] = {
    ConnectorState.FREE: Face("○", "o", "muted"),
    ConnectorState.PREPARING: Face("◔", ".", "secondary"),
    ConnectorState.CHARGING: Face("▶", ">", "success"),
    ConnectorState.PAUSED_BY_VEHICLE: Face("‖", "=", "warning"),
    ConnectorState.PAUSED_BY_CHARGER: Face("‖", "=", "warning"),
    ConnectorState.ENDED: Face("◕", "-", "secondary"),
    ConnectorState.RESERVED: Face("◇", "r", "secondary"),
    ConnectorState.OUT_OF_SERVICE: Face("⊘", "x", "muted", "dashed"),
    ConnectorState.FAULTED: Face("!", "!", "error", "double"),
    ConnectorState.UNKNOWN: Face("?", "?", "warning"),
}

NEXT_STEP: dict[ConnectorState, str] = {
    ConnectorState.FREE: "{plug} plugs in a vehicle",
    ConnectorState.PREPARING: "{start} starts charging",
    ConnectorState.CHARGING: "{stop} stops, {ev_stop} by the EV",
    ConnectorState.PAUSED_BY_VEHICLE: "{resume} resumes, {stop} stops",
    ConnectorState.PAUSED_BY_CHARGER: "{resume} resumes, {stop} stops",
    ConnectorState.ENDED: "{plug} unplugs the vehicle",
    ConnectorState.RESERVED: "{start_with} starts with the card",
    ConnectorState.OUT_OF_SERVICE: "taken out of service",
    ConnectorState.FAULTED: "{clear_fault} clears the fault",
    ConnectorState.UNKNOWN: "",
}
"""What a person would sensibly press next, per state; `{row}` is the key of that row."""

BORDERS: dict[str, str] = {
    "round": "╭─╮│╰╯",
    "heavy": "┏━┓┃┗┛",
    "double": "╔═╗║╚╝",
    "dashed": "┌┄┐┆└┘",
}
ASCII_BORDERS: dict[str, str] = {
    "round": "+-+|++",
    "heavy": "#=#H##",
    "double": "!=!!!!",
    "dashed": "+.+:++",
}

SYMBOLS: dict[str, tuple[str, str]] = {
    "sent": ("→", ">"),
    "received": ("←", "<"),
    "asked": ("⇐", "*"),
    "noise": ("×", "%"),
    "online": ("●", "*"),
    "away": ("◌", "?"),
    "pending": ("◐", "~"),
    "trouble": ("!", "!"),
    "selected": ("▸", ">"),
    "changed": ("◆", "*"),
    "ellipsis": ("…", "~"),
    "dot": ("·", "-"),
    "thumb": ("┃", "#"),
    "tick": ("✓", "+"),
    "zero": ("_", "_"),
    "story": ("▷", ">"),
    "full": ("━", "#"),
    "empty": ("─", "-"),
    "same": ("=", "="),
    "differs": ("≠", "#"),
    "extra": ("+", "+"),
    "allowed": ("≈", "a"),
    "untold": ("·", "."),
}

BARS = " ▁▂▃▄▅▆▇█"
ASCII_BARS = " .:-=+*%#"

DIGITS: dict[str, tuple[str, str, str]] = {
    " ": ("   ", "   ", "   "),
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", " ▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    ".": (" ", " ", "▀"),
    "-": ("   ", "▀▀▀", "   "),
}
ASCII_DIGITS: dict[str, tuple[str, str, str]] = {
    " ": ("   ", "   ", "   "),
    "0": (" _ ", "| |", "|_|"),
    "1": ("   ", "  |", "  |"),
    "2": (" _ ", " _|", "|_ "),
    "3": (" _ ", " _|", " _|"),
    "4": ("   ", "|_|", "  |"),
    "5": (" _ ", "|_ ", " _|"),
    "6": (" _ ", "|_ ", "|_|"),
    "7": (" _ ", "  |", "  |"),
    "8": (" _ ", "|_|", "|_|"),
    "9": (" _ ", "|_|", " _|"),
    ".": (" ", " ", "."),
    "-": ("   ", " _ ", "   "),
}
"""Figures three rows high; the point sits on the baseline and is one cell wide."""


def draws_in_ascii(asked: bool | None) -> bool:
    """Whether to draw in ASCII: as somebody has asked, else as the terminal needs it."""
    screen = sys.__stderr__  # where Textual draws
    encoding = screen.encoding if screen else None
    if asked is False and isinstance(screen, io.TextIOWrapper):
        screen.reconfigure(encoding="utf-8")  # it knows better than what the terminal says
    return ascii_wanted(encoding) if asked is None else asked


@dataclass(frozen=True)
class Look:
    """The glyphs to draw with, and the keys to name."""

    ascii: bool = False
    keys: Keymap = TABLE_KEYS

    def key(self, row_id: str) -> str:
        """The key of a row of the key table, as it is printed."""
        return self.keys.names[row_id]

    def next_step(self, state: ConnectorState) -> str:
        """What a person would sensibly press next; empty for a state that is not known."""
        return self.with_keys((self.keys.next_steps or NEXT_STEP).get(state, ""))

    def with_keys(self, words: str) -> str:
        """`words` of ours with the key of each `{row}` in it."""
        return words.format_map(self.keys.names)

    def ours(self, words: str) -> str:
        """Words of ours, as this terminal can draw them."""
        return words.replace("…", "...").replace("°", "") if self.ascii else words

    def glyph(self, state: ConnectorState) -> str:
        """The glyph of a state."""
        face = FACES[state]
        return face.ascii if self.ascii else face.glyph

    def symbol(self, name: str) -> str:
        """A glyph by its name in `SYMBOLS`."""
        return SYMBOLS[name][self.ascii]

    def border(self, kind: str) -> str:
        """Six characters: top left, horizontal, top right, vertical, bottom left, bottom right."""
        return (ASCII_BORDERS if self.ascii else BORDERS)[kind]

    @property
    def bars(self) -> str:
        """Nine levels from empty to full."""
        return ASCII_BARS if self.ascii else BARS
