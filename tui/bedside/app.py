"""The dashboard over real chargers: one at a time on the screen, one key to the next.

It is the same dashboard over the same pictures. What differs is what a key does: it asks, and then
a command goes to the charger in the place of its CSMS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sim_core.bedside.commands import COMMAND, COMMANDS, MetalCommand
from sim_core.bedside.host import Bedside, ChargerHost
from sim_core.bedside.spoken_commands import kind_of
from sim_core.bedside.verdicts import VerdictPicture
from sim_core.commands import Refused
from sim_core.engine import Host
from sim_core.snapshot import LinkState
from tui import text
from tui.app import ChargeForgeApp
from tui.bedside import twin
from tui.bedside.questions import YES, leaving, next_word, transaction_of, whether
from tui.keymap import Keymap, why_not_row
from tui.saved_view import LoadedView

if TYPE_CHECKING:
    from tui.dialogs.palette import Chosen


class BedsideApp(ChargeForgeApp):
    """See the module."""

    def __init__(
        self, bedside: Bedside, *, ascii: bool, keys: Keymap, recalled: LoadedView
    ) -> None:
        settings = bedside.settings
        super().__init__(
            bedside.hosts[0],
            fps=settings.fps,
            log_size=settings.message_log_size,
            id_tag=settings.id_tag,
            ascii=ascii,
            theme=settings.theme,
            keys=keys,
            recalled=recalled,
        )
        self._bedside = bedside
        self._verdicts: VerdictPicture | None = None
        """What is marked at the rows."""
        self.acts |= {
            **{kind.name: self._asks(kind.name) for kind in COMMANDS},
            "differences": self._differences,
            "resume": lambda: "The relay runs: there is nothing to start again.",
        }

    # -- which charger -----------------------------------------------------------------------------

    def sample(self) -> None:
        """Look at the charger on the screen; the first that comes takes the place kept for it."""
        hosts = self._bedside.hosts
        if self.host not in hosts:
            self.look_at(hosts[0])
        place = hosts.index(self._shown_host()) + 1
        self.dashboard.link_bar.place = f"{place}/{len(hosts)}" if len(hosts) > 1 else ""
        self._take_verdicts()
        super().sample()

    def rests(self) -> bool:
        """It does not while it shows a charger that nobody waits for any more."""
        return super().rests() and self.host in self.hosts

    def facts(self) -> tuple[object, ...]:
        """And what the twin says."""
        return (*super().facts(), self._shown_host().verdicts)

    def _take_verdicts(self) -> None:
        """Mark the rows as the twin says now."""
        picture = self._shown_host().verdicts
        if picture is self._verdicts or not picture.model:
            return
        self._verdicts = picture
        self.dashboard.messages.remarks = twin.Remarks(picture)
        self.dashboard.link_bar.aside = twin.counts(picture, self.look)

    def _shown_host(self) -> ChargerHost:
        assert isinstance(self.host, ChargerHost)
        return self.host

    @property
    def hosts(self) -> Sequence[ChargerHost]:
        """The chargers in the order in which they came first."""
        return self._bedside.hosts

    def look_at(self, host: Host) -> None:
        """Show another charger from now on."""
        self._verdicts = None
        super().look_at(host)

    # -- asking the charger ------------------------------------------------------------------------

    def _asks(self, name: str) -> Callable[[], str]:
        return lambda: self._begin_asking(name)

    def _begin_asking(self, name: str) -> str:
        station = self.dashboard.station
        if station is None:
            return "The relay is still starting."
        if why := why_not_row(self.look.keys.row[name], station, self.dashboard.selected):
            return why
        number = self.dashboard.selected if COMMAND[name].on_connector else 0
        self._go_on(self._shown_host(), MetalCommand(name, number))
        return ""

    def _go_on(self, host: ChargerHost, command: MetalCommand) -> None:
        """Ask for the next word, and when all are there, whether to do it."""
        from tui.dialogs.palette import Picker

        spoken = self._spoken(host)
        missing = next_word(command, self.cards, spoken)
        question = missing or whether(command, transaction_of(self.dashboard.connector), spoken)

        def answered(chosen: Chosen | None) -> None:
            if chosen is None:
                return
            if missing is not None:
                words = (*command.words, chosen.choice.value)
                self._go_on(host, MetalCommand(command.name, command.connector_id, words))
            elif chosen.choice.value == YES:
                self.run_worker(self._ask_metal(host, command), group="commands")

        self.push_screen(Picker(self.look, question), answered)

    @staticmethod
    def _spoken(host: ChargerHost) -> str:
        """The sub-protocol of the charger."""
        seen = host.snapshot
        return seen.subprotocol if seen else ""

    async def _ask_metal(self, host: ChargerHost, command: MetalCommand) -> None:
        action = kind_of(command.name, self._spoken(host)).action
        outcome = await asyncio.wrap_future(host.ask(command))
        if isinstance(outcome, Refused):
            self.say(outcome.reason)
        else:
            self.say(f"{action}: the charger answers {outcome.detail}", "information")
        self.sample()

    # -- the twin ----------------------------------------------------------------------------------

    def _differences(self) -> str:
        from tui.dialogs.sheet import Sheet

        def look_into(row: int) -> str:
            self.pop_screen()
            return self.dashboard.look_into(row)

        tab = twin.differences(self.look, lambda: self._shown_host().verdicts, look_into)
        title = twin.title(self._shown_host().verdicts)
        self.push_screen(Sheet(self.look, lambda: title, (tab,)))
        return ""

    # -- leaving -----------------------------------------------------------------------------------

    def _quit(self) -> str:
        connected = [
            text.plain(seen.charge_point_id, self.look.ascii)
            for host in self._bedside.hosts
            if (seen := host.snapshot) and seen.link.state is LinkState.CONNECTED
        ]
        if not connected or self.host.failure:
            self.exit(0)
            return ""
        from tui.dialogs.palette import Picker

        def answered(chosen: Chosen | None) -> None:
            if chosen is not None and chosen.choice.value == YES:
                self.exit(0)

        self.push_screen(Picker(self.look, leaving(connected)), answered)
        return ""
