"""The app: looks at the charge point a few times a second, shows it, and does what a key says.

The charge point lives on the engine's thread and knows nothing of this. The app never waits for
it. Whatever a person presses arrives at `press`, by key, button, footer or palette alike: it is a
command, a move on the dashboard, or one of `acts`. Those stand in `tui.acts`, which knows of the
app only what a `Stage` has. What opens over the dashboard is imported when it is opened: the first
frame does not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SuspendNotSupported
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from sim_core.engine import Host
from sim_core.snapshot import StationSnapshot
from sim_core.story import Caption, Storyteller
from tui import text
from tui.acts.choosing import Choosing, with_card
from tui.acts.connection import Connection
from tui.acts.guidance import Guidance
from tui.acts.handing_in import HandingIn
from tui.acts.leaving import Leaving
from tui.acts.messages import Messages
from tui.acts.own_words import OwnWords
from tui.acts.sheets import Sheets
from tui.acts.stage import STARTING, Answer
from tui.base_app import NOT_AS_ASKED, BaseApp
from tui.dashboard import Dashboard
from tui.following import Following
from tui.keymap import TABLE_KEYS, Keymap, Row, command_for, why_not
from tui.leaving import AtExit
from tui.look import Look
from tui.recent_csms import RecentCsms
from tui.saved_view import LoadedView, View
from tui.shell import STDIN, Shell
from tui.shown import Doctor, Shown, WhereTo
from tui.widgets.charge_points import entry_of
from tui.widgets.toasts import Severity, Toasts

if TYPE_CHECKING:
    from tui.http_call import SidecarAddress

NO_SAVED_VIEW = LoadedView()
COVERED_REFRESH_S = 5
"""How often, in seconds, the dashboard is drawn while a dialog lies over it: Textual then paints
the whole screen anew for the smallest change."""


class ChargeForgeApp(BaseApp):
    """The dashboard on a host."""

    TITLE = "ChargeForge"
    BINDINGS: ClassVar = []

    def __init__(
        self,
        host: Host,
        *,
        fps: int = 4,
        log_size: int = 20_000,
        id_tag: str = "MY_TAG",
        at_exit: AtExit = AtExit.KEPT,
        ascii: bool = False,
        theme: str = "",
        keys: Keymap = TABLE_KEYS,
        recalled: LoadedView = NO_SAVED_VIEW,
        http: SidecarAddress | None = None,
        storyteller: Storyteller | None = None,
        where: WhereTo | None = None,
        recent: RecentCsms | None = None,
        doctor: Doctor | None = None,
        name: str = "",
        others: Sequence[Shown] = (),
    ) -> None:
        """`theme` wins over the recalled one.

        `http`, `where`, `doctor` and `name` are as in `Shown`; `recent` are the CSMS that were
        dialled last.

        `storyteller` tells a story: its caption is shown, and it stands aside for whoever acts.

        `others` are further charge points of this screen: there is a list of all, and a key leads
        to the next one.
        """
        super().__init__(Look(ascii, keys), theme, recalled.view.theme)
        self._shown = Shown(host, http, where, doctor, name)
        """What belongs to the charge point on the screen."""
        self._all = (self._shown, *others)
        self._fps = fps
        self._recalled = recalled
        self._chosen_theme = recalled.view.theme
        self._storyteller = storyteller
        self._shell_beside = Shell()
        self._toasts = Toasts(self)
        self._cards = [id_tag]
        self._samples = 0
        self._look_is_due = False
        self._seen = Following(host, self.facts)
        self.dashboard = Dashboard(self.look, log_size, lambda row, what: self.press(row, what))
        self._handing_in = HandingIn(self, self._stand_aside)
        self._choosing = Choosing(self, lambda: self.cards, self._handing_in.ask)
        self._leaving = Leaving(self, lambda: self.hosts, at_exit, lambda: self.exit(0))
        self.acts = self._acts_by_row(recent or RecentCsms(None))
        """What the rows of the key table do that are no command; each returns why it did nothing,
        or "". Those of the dashboard are in `Dashboard.acts`."""

    def _acts_by_row(self, recent: RecentCsms) -> dict[str, Callable[[], str]]:
        handing_in, board = self._handing_in, self.dashboard
        guidance = Guidance(self, board, lambda row, what: self.press(row, what), handing_in.ask)
        sheets = Sheets(self, handing_in.ask_for)
        own_words = OwnWords(self, board, handing_in, lambda: self.cards[0])
        messages = Messages(
            self,
            board,
            self.copy_to_clipboard,
            lambda: self._shown.http,
            lambda: handing_in.last,
        )
        connection = Connection(
            self, lambda: self._shown, recent, lambda: self.press("dial"), self._stand_aside
        )
        return {
            "copy": messages.copy,
            "copy_both": messages.copy_both,
            "copy_http": messages.copy_http,
            "save": messages.save,
            "compare": messages.compare,
            "load": messages.load,
            "journal": sheets.journal,
            "sessions": lambda: sheets.what_has_happened(0),
            "events": lambda: sheets.what_has_happened(1),
            "limits": sheets.limits,
            "configuration": sheets.configuration,
            "answers": sheets.answers,
            "wire_faults": sheets.wire_faults,
            "play": self._choosing.play,
            "external_limit": self._choosing.external_limit,
            "say": own_words.say,
            "say_again": own_words.say_again,
            "connection": connection.open,
            "palette": guidance.palette,
            "help": guidance.help,
            "theme": self._next_theme,
            "next_charger": lambda: self._step(1),
            "previous_charger": lambda: self._step(-1),
            "next_scene": self._next_scene,
            "shell": self._shell,
            "quit": self._quit,
        }

    def get_default_screen(self) -> Dashboard:
        return self.dashboard

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.dashboard.recall(self._recalled.view)
        self.say(self._recalled.trouble)
        for host in self.hosts:
            host.start()
        self.sample()
        self._look_later()

    # -- which charge point ------------------------------------------------------------------------

    @property
    def host(self) -> Host:
        """Whoever hosts the charge point on the screen."""
        return self._seen.host

    @property
    def station(self) -> StationSnapshot | None:
        """The newest picture of it."""
        return self._seen.station

    @property
    def hosts(self) -> Sequence[Host]:
        """Every charge point of this screen, in the order of the list."""
        return [one.host for one in self._all]

    def known_as(self, host: Host) -> str:
        """What a charge point is called that has not told its id yet."""
        return next((one.name for one in self._all if one.host is host), "")

    def look_at(self, host: Host) -> None:
        """Show another charge point, or another life of this one, from now on."""
        self._seen = Following(host, self.facts)
        self.dashboard.messages.clear()

    def show_host(self, place: int) -> str:
        """Show the charge point of that place in the list; returns why not."""
        hosts = self.hosts
        if not 0 <= place < len(hosts):
            return "There is no such charge point any more."
        host = hosts[place]
        self._shown = next((one for one in self._all if one.host is host), self._shown)
        if host is not self.host:
            self.look_at(host)
        self.sample()
        return ""

    def _step(self, by: int) -> str:
        """Show the next charge point, or the one before."""
        hosts = self.hosts
        if len(hosts) < 2:
            return "There is no other charge point here: this screen shows one."
        place = hosts.index(self.host) + by if self.host in hosts else 0
        return self.show_host(place % len(hosts))

    def _show_list(self) -> None:
        hosts = self.hosts
        several = len(hosts) > 1
        self.dashboard.show_list(
            tuple(
                entry_of(one.snapshot, one.failure, one is self.host, self.look, self.known_as(one))
                for one in hosts
            )
            if several
            else ()
        )

    # -- looking -----------------------------------------------------------------------------------

    def _look_later(self) -> None:
        """Look again in a while, if there is something to look at: to find that nothing is new
        costs a fraction of a turn in Textual's queue, and at rest that is most of what is spent."""
        asyncio.get_running_loop().call_later(1 / self._fps, self._look_if_wanted)

    def _look_if_wanted(self) -> None:
        if not self.is_running:
            return
        if not self._look_is_due and not self.rests():
            self._look_is_due = True
            self.call_later(self._look)
        self._look_later()

    def _look(self) -> None:
        self._look_is_due = False
        self.sample()

    def rests(self) -> bool:
        """Whether a look would show nothing new."""
        return len(self.hosts) <= 1 and self._seen.rests()

    def facts(self) -> tuple[object, ...]:
        """All that is drawn, but for the time. Who draws more than its charge point adds it."""
        host = self.host
        return (
            host.snapshot,
            host.messages,
            host.messages.revision,
            host.events.last,
            host.failure,
            self._story(),
        )

    def sample(self) -> None:
        """Look at the charge point and show what has changed."""
        if not self.dashboard.is_attached:
            return
        if self._seen.over:
            self.look_at(self.host)
        self._samples += 1
        if self.never_began:
            self.exit(self.host.exit_code, self.host.exit_code)
            return
        self._show_list()
        covered = self.screen is not self.dashboard
        due = self._samples % (self._fps * COVERED_REFRESH_S) == 0
        self._seen.show(self.dashboard, self._story(), covered, due)
        if self.station is not None:
            self._remember(self.station)

    @property
    def never_began(self) -> bool:
        """Whether the charge point could not even be started, for a reason that its user can mend:
        there is nothing to show, and no key helps."""
        return self.station is None and self.host.exit_code == NOT_AS_ASKED

    @property
    def cards(self) -> list[str]:
        """The default card, and those that were seen here, the newest last."""
        return self._cards

    def _remember(self, station: StationSnapshot) -> None:
        for connector in station.connectors:
            if connector.token:
                self._cards = with_card(self._cards, connector.token)

    # -- pressing ----------------------------------------------------------------------------------

    def press(self, row_id: str, argument: str = "") -> None:
        """Do what a row of the key table says."""
        row = self.look.keys.row[row_id]
        if row.id == "resume" and self.host.failure:
            self.host.start()
            self.sample()
        elif row.command is not None:
            self._press_command(row)
        elif row.id == "next_charger" and argument.startswith("#"):
            self.say(self.show_host(int(argument[1:])))
        elif row.id == "select":
            self.say(self.dashboard.select(int(argument or 1)))
        else:
            act = self.acts.get(row.id) or self.dashboard.acts[row.id]
            self.say(act())

    def _press_command(self, row: Row) -> None:
        station, selected = self.station, self.dashboard.selected
        if self.host.failure or station is None:
            self.say(self.why_dead() if self.host.failure else STARTING)
            return
        command = command_for(row, station, selected)
        if command is None:
            return
        if row.picker and not why_not(command, station, selected):
            self._choosing.ask_first(row.picker, station, selected)
        else:
            self._handing_in.ask(command)

    def why_dead(self) -> str:
        """What is said of a press while there is a failure."""
        again = f"{self.look.key('resume')} starts it again."
        return f"The engine has stopped: {self.host.failure}. {again}"

    # -- the stage of an act -----------------------------------------------------------------------

    def say(self, sentence: str, severity: Severity = "warning") -> None:
        """Say a sentence for some seconds."""
        if sentence:
            sentence = text.plain(sentence, self.look.ascii)
            sentence = sentence[:1].upper() + sentence[1:]
            self._toasts.say(sentence, severity, self.look.symbol("ellipsis"))

    def open(
        self, screen: Screen[Answer], answered: Callable[[Answer | None], None] | None = None
    ) -> None:
        """Lay a dialog over the screen; `answered` hears what came of it."""
        self.push_screen(screen, answered)

    def work(self, work: Coroutine[Any, Any, None], group: str) -> None:
        """Do what has to wait, while the screen goes on."""
        self.run_worker(work, group=group)

    def work_beside(self, work: Callable[[], None], group: str) -> None:
        """Do what takes time on a thread of its own."""
        self.run_worker(work, thread=True, group=group)

    def from_beside(self, done: Callable[[], None]) -> None:
        """From such a thread: do this on the screen's."""
        self.call_from_thread(done)

    # -- the story ---------------------------------------------------------------------------------

    def _story(self) -> Caption | None:
        return self._storyteller.caption if self._storyteller else None

    def _stand_aside(self) -> None:
        if self._storyteller:
            self._storyteller.stand_aside()

    def _next_scene(self) -> str:
        if self._storyteller is None:
            return "There is no story to skip in: chargeforge demo tells one."
        self._storyteller.skip()
        return ""

    # -- the screen itself -------------------------------------------------------------------------

    def _next_theme(self) -> str:
        if not self.change_theme():
            return "NO_COLOR is set: there are no colours to change."
        self._chosen_theme = self.theme
        return ""

    @property
    def view(self) -> View:
        """What the next run may begin with."""
        return replace(self.dashboard.view, theme=self._chosen_theme)

    def _shell(self) -> str:
        try:
            with self.suspend():
                self._shell_beside.run()
            self._heed_size()
        except SuspendNotSupported:
            return "This terminal cannot be left for a shell."
        self.sample()
        return ""

    def _heed_size(self) -> None:
        """Take the terminal's size as it is now: while suspended nobody was told of a change."""
        with contextlib.suppress(OSError):  # no terminal, as in a test
            size = Size(*os.get_terminal_size(STDIN))
            if size != self.dashboard.size:
                self.post_message(Resize(size, size))

    # -- leaving -----------------------------------------------------------------------------------

    def _quit(self) -> str:
        return self._leaving.quit()

    def leave_soon(self) -> None:
        """Leave without asking; safe to call from a signal handler."""
        self._shell_beside.hang_up()
        super().leave_soon()

    async def action_quit(self) -> None:
        """Textual's own quit key asks as `q` does."""
        self.press("quit")
