"""The app: looks at the charge point a few times a second, shows it, and hands in commands.

The charge point lives on the engine's thread and knows nothing of this. The app never waits for
it: a command's answer is awaited in a worker, and only a refusal is said aloud, because the screen
shows what was done by itself. Whatever a person presses arrives at `press`, by key, button,
footer or palette alike. What opens over the dashboard is imported when it is opened: the first
frame does not wait for it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from textual.app import SuspendNotSupported
from textual.events import Resize
from textual.geometry import Size

from sim_core.commands import (
    ACTION_BY_COMMAND,
    Accepted,
    Command,
    Configure,
    EndPlay,
    EndRecording,
    Outcome,
    Play,
    Refused,
    Send,
    SendFrame,
    Start,
    Stop,
    Swipe,
    TypeCode,
)
from sim_core.engine import Host
from sim_core.session_export import sessions_of
from sim_core.settings.destination import Destination
from sim_core.snapshot import ConnectorSnapshot, LinkState, StationSnapshot
from sim_core.story import Caption, Storyteller
from sim_core.wire.message_log import Direction, ExchangeState
from tui import text
from tui.base_app import NOT_AS_ASKED, BaseApp
from tui.dashboard import Dashboard, Observation
from tui.keymap import (
    TABLE_KEYS,
    Keymap,
    Row,
    command_for,
    why_not,
    why_not_row,
)
from tui.leaving import CANCEL, STOP, AtExit, open_transactions
from tui.look import Look
from tui.recent_csms import RecentCsms
from tui.saved_view import LoadedView, View
from tui.shell import STDIN, Shell
from tui.typed_commands import typed_command
from tui.widgets.charge_points import entry_of
from tui.widgets.line_widget import Line
from tui.widgets.toasts import Severity, Toasts

if TYPE_CHECKING:
    from tui.dialogs.connection import Draft, Finding
    from tui.dialogs.palette import Chosen
    from tui.http_call import SidecarAddress
    from tui.loaded_log import LoadedLog


class WhereTo(Protocol):
    """Who dials, and may be told to dial elsewhere."""

    @property
    def keeps_id(self) -> str:
        """Why the charge point's id cannot be changed here; empty: it can."""

    def look_up(self) -> concurrent.futures.Future[Destination | Refused]:
        """Where it dials now; the future never raises."""

    def connect_to(self, where: Destination) -> concurrent.futures.Future[Outcome]:
        """Dial there from now on; the future never raises."""


NO_SAVED_VIEW = LoadedView()
Doctor = Callable[[Destination, "Callable[[Finding], None]"], None]
"""Looks for what keeps a CSMS from being reached and tells each step; takes its time."""


@dataclass(frozen=True)
class Shown:
    """One of the charge points of a screen, with what belongs to it alone: see `ChargeForgeApp`."""

    host: Host
    http: SidecarAddress | None = None
    where: WhereTo | None = None
    doctor: Doctor | None = None
    name: str = ""
    """What it is called before it has told its id."""


NO_DOCTOR = (
    "The doctor has to look from where the charge point runs: chargeforge doctor there, with the "
    "same options."
)
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
        """`theme` wins over the recalled one; `http` is where the charge point listens, if so.

        `where` is who dials another CSMS, `recent` those that were dialled last, and `doctor` looks
        for what keeps one from being reached; without them nothing is dialled here. `name` is as in
        `Shown`.

        `storyteller` tells a story: its caption is shown, and it stands aside for whoever acts.

        `others` are further charge points of this screen: there is a list of all, and a key leads
        to the next one.
        """
        super().__init__(Look(ascii, keys), theme, recalled.view.theme)
        self.host = host
        self._shown = (Shown(host, http, where, doctor, name), *others)
        self._fps = fps
        self._at_exit = at_exit
        self._recalled = recalled
        self._chosen_theme = recalled.view.theme
        self._http = http
        self._storyteller = storyteller
        self._where = where
        self._recent = recent or RecentCsms(None)
        self._doctor = doctor
        self._last_command: Command | None = None
        self._shell_beside = Shell()
        self._toasts = Toasts(self)
        self._cards = [id_tag]
        self._revision = 0
        self._events = 0
        self._last_event = ""
        self._samples = 0
        self._look_is_due = False
        self._facts: tuple[object, ...] = ()
        self._second: datetime | None = None
        """What was drawn, and as of which second: where neither changes, nothing is to be done."""
        self._waiting: set[int] = set()
        """The exchanges whose age counts up, in tenths of a second."""
        self._station: StationSnapshot | None = None
        self._life = host.messages
        """What the rows were read from; another one is another life of the charge point."""
        self.dashboard = Dashboard(self.look, log_size, lambda row, what: self.press(row, what))
        self.acts: dict[str, Callable[[], str]] = {
            "copy": lambda: self._copy(both=False),
            "copy_both": lambda: self._copy(both=True),
            "copy_http": self._copy_http,
            "save": self._save,
            "theme": self._next_theme,
            "help": self._help,
            "journal": self._journal,
            "sessions": lambda: self._what_has_happened(0),
            "events": lambda: self._what_has_happened(1),
            "limits": self._limits_sheet,
            "configuration": self._configuration,
            "say": self._say_what,
            "answers": self._answers,
            "wire_faults": self._wire_faults,
            "play": self._play,
            "external_limit": self._external_limit,
            "say_again": self._say_again,
            "connection": self._connection,
            "compare": self._compare,
            "load": self._load_log,
            "next_charger": lambda: self._step(1),
            "previous_charger": lambda: self._step(-1),
            "next_scene": self._next_scene,
            "palette": self._palette,
            "shell": self._shell,
            "quit": self._quit,
        }

    def get_default_screen(self) -> Dashboard:
        return self.dashboard

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.dashboard.recall(self._recalled.view)
        self._say(self._recalled.trouble)
        for host in self.hosts:
            host.start()
        self.sample()
        self._look_later()

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

    def look_at(self, host: Host) -> None:
        """Show another charge point, or another life of this one, from now on."""
        self.host, self._life = host, host.messages
        self._station, self._facts, self._second = None, (), None
        self._revision = self._events = 0
        self._last_event = ""
        self._waiting.clear()
        self.dashboard.messages.clear()

    # -- which charge point ------------------------------------------------------------------------

    @property
    def hosts(self) -> Sequence[Host]:
        """Every charge point of this screen, in the order of the list."""
        return [one.host for one in self._shown]

    def known_as(self, host: Host) -> str:
        """What a charge point is called that has not told its id yet."""
        return next((one.name for one in self._shown if one.host is host), "")

    def show_host(self, place: int) -> str:
        """Show the charge point of that place in the list; returns why not."""
        hosts = self.hosts
        if not 0 <= place < len(hosts):
            return "There is no such charge point any more."
        host = hosts[place]
        for one in self._shown:
            if one.host is host:
                self._http, self._where, self._doctor = one.http, one.where, one.doctor
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

    @property
    def cards(self) -> list[str]:
        """The default card, and those that were seen here, the newest last."""
        return self._cards

    # -- looking -----------------------------------------------------------------------------------

    def rests(self) -> bool:
        """Whether a look would show nothing new."""
        if len(self.hosts) > 1 or self._waiting:
            return False
        same_second = self.host.now().replace(microsecond=0) == self._second
        return same_second and self.facts() == self._facts

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
        if self.host.messages is not self._life:
            self.look_at(self.host)
        self._samples += 1
        if self.never_began:
            self.exit(self.host.exit_code, self.host.exit_code)
            return
        self._show_list()
        facts, now = self.facts(), self.host.now()
        station, story = self.host.snapshot, self._story()
        settled = facts == self._facts
        second = now.replace(microsecond=0)
        if settled and second == self._second and not self._waiting:
            return
        if station is not None:
            self._station = station
            self._remember(station)
        covered = self.screen is not self.dashboard
        if settled and self._second and not self._waiting and not covered:
            self._second = second
            self.dashboard.tick(now)
            return
        self._revision, exchanges = self.host.messages.since(self._revision)
        self._events, happened = self.host.events.since(self._events)
        for exchange in exchanges:
            if exchange.state is ExchangeState.WAITING:
                self._waiting.add(exchange.number)
            else:
                self._waiting.discard(exchange.number)
        if story:
            happened = [event for event in happened if event.kind != "story"]
        if happened:
            self._last_event = f"{text.clock_time(happened[-1].at)} {happened[-1].text}"
        observed = Observation(self._station, self.host.failure, now, story)
        draw = not covered or self._samples % (self._fps * COVERED_REFRESH_S) == 0
        self.dashboard.show(observed, exchanges, self._last_event, draw)
        if draw:  # what is new may ask for another layout at the next look
            self._facts, self._second = facts, second if settled else None

    @property
    def never_began(self) -> bool:
        """Whether the charge point could not even be started, for a reason that its user can mend:
        there is nothing to show, and no key helps."""
        return self._station is None and self.host.exit_code == NOT_AS_ASKED

    def _story(self) -> Caption | None:
        return self._storyteller.caption if self._storyteller else None

    def _remember(self, station: StationSnapshot) -> None:
        for connector in station.connectors:
            if connector.token and connector.token not in self._cards:
                self._cards = [*self._cards, connector.token][-20:]

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
            self._say(self.show_host(int(argument[1:])))
        elif row.id == "select":
            self._say(self.dashboard.select(int(argument or 1)))
        else:
            act = self.acts.get(row.id) or self.dashboard.acts[row.id]
            self._say(act())

    def _press_command(self, row: Row) -> None:
        station = self._station
        if self.host.failure or station is None:
            dead = self.why_dead()
            self._say(dead if self.host.failure else "The charge point is still starting.")
            return
        command = command_for(row, station, self.dashboard.selected)
        if command is None:
            return
        if row.picker and not why_not(command, station, self.dashboard.selected):
            self._ask_first(row, station)
        else:
            self.ask(command)

    def why_dead(self) -> str:
        """What is said of a press while there is a failure."""
        again = f"{self.look.key('resume')} starts it again."
        return f"The engine has stopped: {self.host.failure}. {again}"

    def ask(self, command: Command) -> None:
        """Hand in a command; a refusal is said aloud."""
        self._last_command = None if self._is_secret(command) else command
        if self._storyteller:
            self._storyteller.stand_aside()
        self.run_worker(self._ask(command), group="commands")

    async def _ask(self, command: Command) -> None:
        outcome = await asyncio.wrap_future(self.host.submit(command))
        if isinstance(outcome, Refused) and outcome.may_insist:
            self._ask_twice(command, outcome.reason)
        elif isinstance(outcome, Refused):
            self._say(outcome.reason)
        elif isinstance(command, EndRecording):
            self._write_recording(outcome)
        self.sample()

    async def ask_for(self, command: Command) -> Outcome:
        """Hand in a command for a sheet, which says a refusal itself."""
        self._last_command = None if self._is_secret(command) else command
        if self._storyteller:
            self._storyteller.stand_aside()
        outcome = await asyncio.wrap_future(self.host.submit(command))
        self.sample()
        return outcome

    def _is_secret(self, command: Command) -> bool:
        """Whether it sets what must not be seen: it is copied nowhere."""
        if isinstance(command, TypeCode):
            return True
        if not isinstance(command, Configure) or self._station is None:
            return False
        return any(one.name == command.name and one.value is None for one in self._station.settings)

    def _say(self, sentence: str, severity: Severity = "warning") -> None:
        if sentence:
            sentence = text.plain(sentence, self.look.ascii)
            sentence = sentence[:1].upper() + sentence[1:]
            self._toasts.say(sentence, severity, self.look.symbol("ellipsis"))

    # -- choosing ----------------------------------------------------------------------------------

    def _ask_first(self, row: Row, station: StationSnapshot) -> None:
        """Let somebody choose before the row's command is handed in."""
        from tui.dialogs import questions
        from tui.dialogs.palette import Picker

        selected = self.dashboard.selected
        asked = {
            "faults": lambda: questions.which_fault(station, selected),
            "cards": lambda: questions.which_card(Start, station, selected, self._cards),
            "swipes": lambda: questions.which_card(Swipe, station, selected, self._cards),
            "codes": lambda: questions.which_code(station, selected),
            "vehicles": lambda: questions.which_vehicle(station, selected),
        }[row.picker]()

        def answered(chosen: Chosen | None) -> None:
            if chosen is not None:
                self.ask(asked.command(chosen))

        self.push_screen(Picker(self.look, asked.question), answered)

    def _reasons(self) -> dict[str, str]:
        """Why each row would be refused now."""
        station = self._station
        if station is None:
            return {}
        selected = self.dashboard.selected
        reasons = {}
        for row in self.look.keys.rows:
            if row.command is not None or row.refusal:
                reasons[row.id] = why_not_row(row, station, selected)
        return reasons

    def _palette(self) -> str:
        from tui.dialogs.palette import Picker
        from tui.dialogs.questions import TYPED, what_to_do

        def answered(chosen: Chosen | None) -> None:
            if chosen is None:
                return
            verb, _, rest = chosen.choice.value.partition(" ")
            if verb != TYPED:
                self.press(verb, rest)
            elif found := typed_command(rest):
                self.ask(found[0])

        question = what_to_do(self.look, self._station, self.dashboard.selected, self._reasons())
        self.push_screen(Picker(self.look, question), answered)
        return ""

    # -- acts on the screen ------------------------------------------------------------------------

    def _help(self) -> str:
        from tui.dialogs.help import HelpScreen, help_sections
        from tui.protocols.known import wording_of

        board = self.dashboard
        read = board.read_exchange
        wording = wording_of(self._station.subprotocol if self._station else "")
        sections = help_sections(
            self.look,
            board.help_topic(),
            board.connector,
            self._reasons(),
            wording,
            board.in_sight(),
            read.action if read else "",
        )
        self.push_screen(HelpScreen(self.look, sections))
        return ""

    def _journal(self) -> str:
        from tui.dialogs.journal import journal_lines
        from tui.dialogs.text_dialog import TextDialog

        def lines(cells: int) -> list[Line]:
            return journal_lines(self._station, self.host.now(), self.look, cells)

        self.push_screen(TextDialog(self.look, "Journal", lines, live=True))
        return ""

    def _what_has_happened(self, tab: int) -> str:
        from tui.dialogs.sessions import sum_words, what_has_happened
        from tui.dialogs.sheet import Sheet

        tabs = what_has_happened(
            self.look,
            lambda: self._station,
            lambda: self.host.events.since(0)[1],
            self.host.now,
            self._export_sessions,
        )
        self.push_screen(Sheet(self.look, lambda: sum_words(self._station), tabs, tab=tab))
        return ""

    def _limits_sheet(self) -> str:
        from tui.dialogs.limits import limits
        from tui.dialogs.sheet import Sheet

        tabs = limits(self.look, lambda: self._station, self.host.now)
        self.push_screen(Sheet(self.look, lambda: "Limits & reservations", tabs))
        return ""

    def _compare(self) -> str:
        """Mark the message under the cursor; with another one marked, say what differs."""
        pane = self.dashboard.messages
        focused, marked = pane.selected, pane.exchange(pane.marked)
        if focused is None:
            return "There is no message to compare yet."
        if marked is None:
            pane.pause()
            pane.marked = focused.number
            pane.sync()
            return ""
        pane.marked = None
        pane.sync()
        if marked.number == focused.number:
            return ""
        from tui.dialogs.messages import comparison
        from tui.dialogs.sheet import Sheet

        title = f"{marked.action} and {focused.action}"
        tabs = comparison(self.look, marked, focused)
        self.push_screen(Sheet(self.look, lambda: title, tabs))
        return ""

    def _load_log(self) -> str:
        from tui.dialogs.palette import Picker
        from tui.dialogs.questions import which_log

        def answered(chosen: Chosen | None) -> None:
            if chosen is not None:
                path = Path(chosen.choice.value).expanduser()
                self.run_worker(lambda: self._read_log(path), thread=True, group="load")

        self.push_screen(Picker(self.look, which_log(Path.cwd())), answered)
        return ""

    def _read_log(self, path: Path) -> None:
        from tui.loaded_log import load_log

        loaded = load_log(path)
        self.call_from_thread(self._show_log, loaded)

    def _show_log(self, loaded: LoadedLog) -> None:
        if loaded.trouble:
            self._say(loaded.trouble)
            return
        from tui.dialogs.messages import saved_log
        from tui.dialogs.sheet import Sheet

        title = f"{loaded.name}: {text.count(len(loaded.exchanges), 'message')}"
        tabs = saved_log(self.look, loaded, self.host.now())
        self.push_screen(Sheet(self.look, lambda: title, tabs))

    def _connection(self) -> str:
        if self._where is None:
            return "Here is nothing to dial: this charge point is only looked at."
        where, found = self._where, self._where.look_up()
        if found.done():  # at once: what is typed fast is meant for the sheet
            self._open_connection(where, found.result())
        else:
            self.run_worker(self._open_when_found(where, found), group="commands")
        return ""

    async def _open_when_found(
        self, where: WhereTo, found: concurrent.futures.Future[Destination | Refused]
    ) -> None:
        self._open_connection(where, await asyncio.wrap_future(found))

    def _open_connection(self, where: WhereTo, found: Destination | Refused) -> None:
        if isinstance(found, Refused):
            self._say(found.reason)
            return
        from tui.dialogs.connection import Draft, connection
        from tui.dialogs.sheet import Sheet

        draft = Draft(found, found, where.keeps_id)
        tabs = connection(
            self.look,
            draft,
            self._recent.all,
            lambda: self._station,
            self.host.now,
            lambda name: self._edit_destination(draft, name),
            lambda: self._connect_to(draft),
            lambda: self._dial_from_sheet(),
            lambda: self._examine(draft),
        )
        self.push_screen(Sheet(self.look, lambda: "Connection to the CSMS", tabs))

    def _edit_destination(self, draft: Draft, name: str) -> str:
        if name == "charge_point_id" and draft.keeps_id:
            return draft.keeps_id
        from tui.dialogs.connection import question_about
        from tui.dialogs.palette import Picker

        def answered(chosen: Chosen | None) -> None:
            if chosen is not None:
                value = chosen.choice.value
                draft.change(name, int(value) if name == "security_profile" else value)

        self.push_screen(Picker(self.look, question_about(name, draft.wanted)), answered)
        return ""

    def _connect_to(self, draft: Draft) -> str:
        if self._where is None:
            return ""
        if self._storyteller:
            self._storyteller.stand_aside()
        self.run_worker(self._connected_to(self._where, draft), group="commands")
        return "Connecting there…" if not self.look.ascii else "Connecting there."

    async def _connected_to(self, where: WhereTo, draft: Draft) -> None:
        wanted = draft.wanted
        outcome = await asyncio.wrap_future(where.connect_to(wanted))
        if isinstance(outcome, Refused):
            self._say(outcome.reason)
        else:
            self._say(self._recent.add(draft.now))
            self._say(self._recent.add(wanted))
            draft.now = draft.wanted = replace(wanted, password=None)
        self.sample()

    def _dial_from_sheet(self) -> str:
        station = self._station
        reason = station.refusals.get("dial", "") if station else ""
        if not reason:
            self.press("dial")
        return reason or "Dialling now."

    def _examine(self, draft: Draft) -> str:
        """Let the doctor look at what is wanted; each step shows as soon as it is taken."""
        from tui.dialogs.sheet import Sheet

        examine, station, sheet = self._doctor, self._station, self.screen
        if examine is None or not isinstance(sheet, Sheet):
            return NO_DOCTOR
        up = station is not None and station.link.state is LinkState.CONNECTED
        if up and not draft.changed:
            return "The link is up: a second connection under the same id might end it."
        if draft.examining:
            return "The examination goes on."
        draft.findings, draft.examining = [], True

        def found(finding: Finding) -> None:
            draft.findings.append(finding)
            sheet.call_later(sheet.look_again)

        def work() -> None:
            try:
                examine(draft.wanted, found)
            finally:
                draft.examining = False
                sheet.call_later(sheet.look_again)

        self.run_worker(work, thread=True, group="doctor")
        return ""

    def _export_sessions(self, form: str) -> str:
        """Write what has been charged into the folder that the program was started in."""
        if self._station is None:
            return "The charge point is still starting."
        sessions, now = sessions_of(self._station), self.host.now()
        if not sessions:
            return "There are no sessions to write yet."

        def write() -> None:
            try:
                path = write_sessions(sessions, now, form, Path.cwd())
            except OSError as error:
                self.call_from_thread(self._say, f"Not written: {error}")
            else:
                said = f"{text.count(len(sessions), 'session')} written to {_named(path)}"
                self.call_from_thread(self._say, said, "information")

        from tui.session_file import write_sessions

        self.run_worker(write, thread=True, group="save")
        return ""

    def _configuration(self) -> str:
        from tui.dialogs.configuration import ConfigurationSheet

        self.push_screen(ConfigurationSheet(self.look, lambda: self._station, self.ask_for))
        return ""

    def _write_recording(self, outcome: Accepted) -> None:
        """Write what was recorded into the folder that the program was started in."""
        if not outcome.answer or not json.loads(outcome.answer)["steps"]:
            self._say("Nothing was done meanwhile: there is no recording to write.")
            return
        station, now = self._station, self.host.now()
        about = {"charge_point": station.charge_point_id if station else "", "ended": str(now)}

        def write() -> None:
            from tui.recording_file import write_recording

            try:
                path = write_recording(outcome.answer, about, Path.cwd())
            except OSError as error:
                self.call_from_thread(self._say, f"Not written: {error}")
            else:
                said = f"{outcome.detail} written to {_named(path)}"
                self.call_from_thread(self._say, said, "information")

        self.run_worker(write, thread=True, group="save")

    def _play(self) -> str:
        """Let somebody choose a recording; one that is being played ends."""
        station = self._station
        if station is None:
            return "The charge point is still starting."
        if station.playing is not None:
            self.ask(EndPlay())
            return ""
        from tui.dialogs.palette import Picker
        from tui.dialogs.questions import which_recording
        from tui.recording_file import read_recording, recordings_in

        def answered(chosen: Chosen | None) -> None:
            if chosen is None:
                return
            try:
                self.ask(Play(read_recording(Path(chosen.choice.value))))
            except OSError as error:
                self._say(f"It cannot be read: {error}")

        question = which_recording([str(path) for path in recordings_in(Path.cwd())])
        self.push_screen(Picker(self.look, question), answered)
        return ""

    def _external_limit(self) -> str:
        """Let somebody say who limits the power, or lift a limit."""
        station = self._station
        if station is None:
            return "The charge point is still starting."
        if why := station.refusals.get("external_limit"):
            return why
        from tui.dialogs.external_limit import which_limit
        from tui.dialogs.palette import Picker

        asked = which_limit(station)

        def answered(chosen: Chosen | None) -> None:
            if chosen is not None:
                self.ask(asked.command(chosen))

        self.push_screen(Picker(self.look, asked.question), answered)
        return ""

    def _answers(self) -> str:
        from tui.dialogs.answers import AnswersSheet

        self.push_screen(
            AnswersSheet(self.look, lambda: self._station, self.host.now, self.ask_for)
        )
        return ""

    def _wire_faults(self) -> str:
        from tui.dialogs.wire_faults import WireFaultsSheet

        self.push_screen(
            WireFaultsSheet(self.look, lambda: self._station, self.host.now, self.ask_for)
        )
        return ""

    def _say_what(self) -> str:
        """Let somebody choose a message, fill it in and send it."""
        station = self._station
        if station is None:
            return "The charge point is still starting."
        from tui.dialogs.palette import Picker
        from tui.dialogs.say import FRAME, which_message

        def answered(chosen: Chosen | None) -> None:
            if chosen is not None and chosen.choice.value == FRAME:
                self._say_frame()
            elif chosen is not None:
                self._open_message(chosen.choice.value, None)

        self.push_screen(Picker(self.look, which_message(station.subprotocol)), answered)
        return ""

    def _say_again(self) -> str:
        exchange = self.dashboard.messages.selected
        if exchange is None:
            return "There is no message to send again yet."
        if exchange.direction is not Direction.SENT:
            return "Only what the charge point has asked can be sent again: move to such a message."
        from tui.protocols.payload import CALL_PAYLOAD, frame_payload

        payload = frame_payload(exchange.request, CALL_PAYLOAD)
        if payload is None and text.plain(exchange.request) != exchange.request:
            return "It has characters that cannot be shown, so it cannot be changed here."
        if payload is None:
            self._say_frame(exchange.request)
        else:
            self._open_message(exchange.action, payload)
        return ""

    def _open_message(self, action: str, payload: Mapping[str, Any] | None) -> None:
        station = self._station
        if station is None:
            return
        from tui.dialogs.say import SaySheet
        from tui.protocols.message_facts import message_facts

        connector = self.dashboard.connector
        facts = message_facts(station, connector, self.host.now(), self._cards[0])
        self.push_screen(
            SaySheet(
                self.look, action, payload, station.subprotocol, facts, self.ask_for, self._say
            )
        )

    def _say_frame(self, written: str = "") -> None:
        """Let somebody write a whole frame."""
        from tui.dialogs.say import frame_trouble
        from tui.dialogs.text_editor import TextEditor

        def answered(frame: str | None) -> None:
            if frame is not None:
                self.ask(SendFrame(frame))

        written = written or '[2, "by-hand-1", "Heartbeat", {}]'
        editor = TextEditor(self.look, "A whole frame, sent as it is", written, frame_trouble)
        self.push_screen(editor, answered)

    def _ask_twice(self, command: Command, reason: str) -> None:
        """What the protocol does not allow is done once somebody insists."""
        from tui.dialogs.sure import Sure

        def answered(sure: bool | None) -> None:
            if sure and isinstance(command, (Send, SendFrame)):
                self.ask(replace(command, anyway=True))

        sentence = f"The protocol does not allow it: {reason}."
        self.push_screen(
            Sure(self.look, "Send it all the same?", sentence, "Send it", "Go back"), answered
        )

    def _next_scene(self) -> str:
        if self._storyteller is None:
            return "There is no story to skip in: chargeforge demo tells one."
        self._storyteller.skip()
        return ""

    def _next_theme(self) -> str:
        if not self.change_theme():
            return "NO_COLOR is set: there are no colours to change."
        self._chosen_theme = self.theme
        return ""

    @property
    def view(self) -> View:
        """What the next run may begin with."""
        return replace(self.dashboard.view, theme=self._chosen_theme)

    def _copy(self, both: bool) -> str:
        exchange = self.dashboard.messages.selected
        if exchange is None:
            return "There is no message to copy yet."
        frames = [exchange.request, exchange.answer] if both else [exchange.request]
        self.copy_to_clipboard("\n".join(frame for frame in frames if frame))
        what = "Request and answer" if both and exchange.answer else "The request"
        self._say(f"{what} of {exchange.action} copied (if the terminal lets it)", "information")
        return ""

    def _copy_http(self) -> str:
        """The exchange under the cursor where the messages have the focus, else what was asked."""
        if self._http is None:
            return "There is no HTTP here: chargeforge run has it, unless HTTP_PORT is 0."
        from tui.http_call import command_call, exchange_call

        exchange = self.dashboard.read_exchange
        if exchange is not None:
            subprotocol = self.dashboard.messages.subprotocol_of(exchange)
            call = exchange_call(exchange, self._http, subprotocol)
            what = exchange.action
        elif self._last_command is not None:
            call = command_call(self._last_command, self._http)
            what = ACTION_BY_COMMAND[type(self._last_command)].label
        else:
            return "Nothing was asked yet: do something, or move to a message, then copy its call."
        self.copy_to_clipboard(call)
        self._say(f"{what} copied as {call} (if the terminal lets it)", "information")
        return ""

    def _save(self) -> str:
        exchanges = self.dashboard.messages.shown
        if not exchanges:
            return "There are no messages to save."
        from tui.message_file import write_messages

        ahead = self.dashboard.messages.ahead

        def write() -> None:
            try:
                path = write_messages(exchanges, Path.cwd(), ahead)
            except OSError as error:
                self.call_from_thread(self._say, f"Not saved: {error}")
            else:
                said = f"{text.count(len(exchanges), 'message')} written to {_named(path)}"
                self.call_from_thread(self._say, said, "information")

        self.run_worker(write, thread=True, group="save")
        return ""

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
        charging = [pair for host in self.hosts for pair in _charging_at(host)]
        if not charging:
            self.exit(0)
            return ""

        def answered(answer: str | None) -> None:
            if answer == STOP:
                self.run_worker(self._stop_and_quit(), group="quit")
            elif answer is not None and answer != CANCEL:
                self.exit(0)

        from tui.dialogs.quit_question import QuitQuestion

        resumes = all(seen.resumes for host in self.hosts if (seen := host.snapshot))
        busy = [connector for _, connector in charging]
        self.push_screen(QuitQuestion(self.look, busy, self._at_exit, resumes), answered)
        return ""

    async def _stop_and_quit(self) -> None:
        """End every transaction, wait a moment for it to be seen, leave."""
        asked = [
            asyncio.wrap_future(host.submit(Stop(connector.connector_id)))
            for one in self.hosts
            for host, connector in _charging_at(one)
        ]
        refused = [
            done.reason for done in await asyncio.gather(*asked) if isinstance(done, Refused)
        ]
        if refused:
            self._say(refused[0])
            return
        for _ in range(30):
            if not any(_charging_at(host) for host in self.hosts):
                break
            await asyncio.sleep(0.1)
        self.exit(0)

    def leave_soon(self) -> None:
        """Leave without asking; safe to call from a signal handler."""
        self._shell_beside.hang_up()
        super().leave_soon()

    async def action_quit(self) -> None:
        """Textual's own quit key asks as `q` does."""
        self.press("quit")


def _named(path: Path) -> str:
    """A file and where it lies, in words that a toast can break."""
    return f"{path.name}, in {path.parent}"


def _charging_at(host: Host) -> list[tuple[Host, ConnectorSnapshot]]:
    """The connectors of a charge point that have a transaction, as long as it runs."""
    station = host.snapshot
    if station is None or host.failure:
        return []
    return [(host, connector) for connector in open_transactions(station)]
