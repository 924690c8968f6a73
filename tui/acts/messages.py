"""What is done with messages that were seen: copied, compared, written to a file.

The one under the cursor is meant, or all that the filter leaves. And other messages can be looked
into: those of a log.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim_core.commands import ACTION_BY_COMMAND, Command
from tui import text
from tui.acts.picking import pick
from tui.acts.stage import Stage
from tui.acts.writing import write_here
from tui.dashboard import Dashboard

if TYPE_CHECKING:
    from tui.dialogs.palette import Chosen
    from tui.http_call import SidecarAddress
    from tui.loaded_log import LoadedLog


class Messages:
    """See the module."""

    def __init__(
        self,
        stage: Stage,
        dashboard: Dashboard,
        to_clipboard: Callable[[str], None],
        http: Callable[[], SidecarAddress | None],
        last_command: Callable[[], Command | None],
    ) -> None:
        """`http` is where the charge point on the screen listens, if it does."""
        self._stage = stage
        self._dashboard = dashboard
        self._to_clipboard = to_clipboard
        self._http = http
        self._last_command = last_command

    def copy(self) -> str:
        """Copy the request under the cursor."""
        return self._copy(both=False)

    def copy_both(self) -> str:
        """Copy it with its answer."""
        return self._copy(both=True)

    def _copy(self, both: bool) -> str:
        exchange = self._dashboard.messages.selected
        if exchange is None:
            return "There is no message to copy yet."
        frames = [exchange.request, exchange.answer] if both else [exchange.request]
        self._to_clipboard("\n".join(frame for frame in frames if frame))
        what = "Request and answer" if both and exchange.answer else "The request"
        said = f"{what} of {exchange.action} copied (if the terminal lets it)"
        self._stage.say(said, "information")
        return ""

    def copy_http(self) -> str:
        """The exchange under the cursor where the messages have the focus, else what was asked."""
        http = self._http()
        if http is None:
            return "There is no HTTP here: chargeforge run has it, unless HTTP_PORT is 0."
        from tui.http_call import command_call, exchange_call

        exchange, command = self._dashboard.read_exchange, self._last_command()
        if exchange is not None:
            subprotocol = self._dashboard.messages.subprotocol_of(exchange)
            call = exchange_call(exchange, http, subprotocol)
            what = exchange.action
        elif command is not None:
            call = command_call(command, http)
            what = ACTION_BY_COMMAND[type(command)].label
        else:
            return "Nothing was asked yet: do something, or move to a message, then copy its call."
        self._to_clipboard(call)
        self._stage.say(f"{what} copied as {call} (if the terminal lets it)", "information")
        return ""

    def save(self) -> str:
        """Write what the filter leaves to a file."""
        exchanges = self._dashboard.messages.shown
        if not exchanges:
            return "There are no messages to save."
        from tui.message_file import write_messages

        ahead = self._dashboard.messages.ahead

        def write(folder: Path) -> Path:
            return write_messages(exchanges, folder, ahead)

        write_here(self._stage, write, text.count(len(exchanges), "message"), "Not saved")
        return ""

    def compare(self) -> str:
        """Mark the message under the cursor; with another one marked, say what differs."""
        pane = self._dashboard.messages
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
        tabs = comparison(self._stage.look, marked, focused)
        self._stage.open(Sheet(self._stage.look, lambda: title, tabs))
        return ""

    def load(self) -> str:
        """Let somebody choose a log, and show what it says."""
        from tui.dialogs.questions import which_log

        def picked(chosen: Chosen) -> None:
            path = Path(chosen.choice.value).expanduser()
            self._stage.work_beside(lambda: self._read(path), "load")

        pick(self._stage, which_log(Path.cwd()), picked)
        return ""

    def _read(self, path: Path) -> None:
        from tui.loaded_log import load_log

        loaded = load_log(path)
        self._stage.from_beside(lambda: self._show(loaded))

    def _show(self, loaded: LoadedLog) -> None:
        if loaded.trouble:
            self._stage.say(loaded.trouble)
            return
        from tui.dialogs.messages import saved_log
        from tui.dialogs.sheet import Sheet

        title = f"{loaded.name}: {text.count(len(loaded.exchanges), 'message')}"
        tabs = saved_log(self._stage.look, loaded, self._stage.host.now())
        self._stage.open(Sheet(self._stage.look, lambda: title, tabs))
