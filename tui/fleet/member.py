"""One charge point of a fleet in the dashboard, and the way back to the fleet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sim_core.engine import Host
from sim_core.fleet.viewed import FleetHost
from tui.app import ChargeForgeApp
from tui.keymap import FOOTER, ROWS, Keymap
from tui.look import draws_in_ascii


def member_keymap() -> Keymap:
    """The key table where the way out leads back to the fleet."""
    rows = (
        replace(row, label="to the fleet", help="Back to the fleet, which goes on")
        if row.id == "quit"
        else row
        for row in ROWS
    )
    footer = tuple(
        replace(item, label="fleet") if item.rows == ("quit",) else item for item in FOOTER
    )
    return Keymap(rows, footer=footer)


class MemberApp(ChargeForgeApp):
    """The dashboard on a charge point of a fleet; the keys between charge points lead on in it."""

    def __init__(self, fleet: FleetHost, number: int, theme: str) -> None:
        settings = fleet.settings
        self._member = fleet.member(number)
        super().__init__(
            self._member,
            fps=settings.fps,
            log_size=settings.message_log_size,
            id_tag=settings.id_tag,
            ascii=draws_in_ascii(settings.ascii),
            theme=theme,
            keys=member_keymap(),
        )
        self._fleet = fleet

    def sample(self) -> None:
        """Say which of the fleet it is, and look."""
        if self.dashboard.is_attached:
            self.dashboard.link_bar.place = self._place
        if self._member.snapshot is None:
            self._member.start()  # it may have been switched on meanwhile
        super().sample()

    def rests(self) -> bool:
        """It does not before it can be seen: then it is asked for again."""
        return super().rests() and self._member.snapshot is not None

    def facts(self) -> tuple[object, ...]:
        """And which of the fleet it is."""
        return (*super().facts(), self._place)

    @property
    def _place(self) -> str:
        numbers = self._fleet.numbers
        return f"{numbers.index(self._member.number) + 1}/{len(numbers)}"

    @property
    def hosts(self) -> list[Host]:
        """The one that is looked at: a fleet is no list."""
        return [self.host]

    def _step(self, by: int) -> str:
        """Look at the next charge point of the fleet, or the one before."""
        numbers = self._fleet.numbers
        if len(numbers) < 2:
            return "There is no other charge point in this fleet."
        place = (numbers.index(self._member.number) + by) % len(numbers)
        self._member.stop()
        self._member = self._fleet.member(numbers[place])
        self.look_at(self._member)
        self._member.start()
        self.sample()
        return ""

    def _quit(self) -> str:
        """Back to the fleet: nothing ends, so there is nothing to ask."""
        self.exit(0)
        return ""


def look_at_one(fleet: FleetHost, number: int, theme: str, leave: list[Callable[[], None]]) -> None:
    """Show a charge point until somebody goes back; `leave` is what to call to go at once."""
    app = MemberApp(fleet, number, theme)
    leave[:] = [app.leave_soon]
    try:
        app.run()
    finally:
        app.host.stop()
