"""One state of the dashboard to look at; which there are is in `states` and `sheet_states`."""

from __future__ import annotations

from dataclasses import dataclass

from sim_core.bedside.verdicts import VerdictPicture
from sim_core.events import Event
from sim_core.snapshot import StationSnapshot
from sim_core.story import Caption
from tui.pictures.fake_station import EXCHANGES, ScriptedExchange

SMALL, WIDE = (80, 24), (140, 40)


@dataclass(frozen=True)
class State:
    """One state to look at: a picture of the charge point, and what is pressed on it."""

    name: str
    help: str
    picture: StationSnapshot | None
    size: tuple[int, int] = SMALL
    """Columns and rows that suit it."""
    press: tuple[str, ...] = ()
    theme: str = "chargeforge-dark"
    ascii: bool = False
    failure: str = ""
    """Why the engine is dead, if it is."""
    exchanges: tuple[ScriptedExchange, ...] = EXCHANGES
    caption: Caption | None = None
    """What the demo's story says, if it is told."""
    events: tuple[Event, ...] = ()
    """What has happened at the charge point."""
    others: tuple[StationSnapshot, ...] = ()
    """Further charge points of the same screen."""
    attached: bool = False
    """It runs elsewhere."""
    metal: bool = False
    """It is a real charger, with the keys that there are beside one."""
    verdicts: VerdictPicture | None = None
    """What its twin says, where it has one."""
