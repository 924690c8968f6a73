"""What is said in the charge point's name: a message that somebody fills in, or a whole frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sim_core.commands import SendFrame
from sim_core.wire.message_log import Direction
from tui import text
from tui.acts.handing_in import HandingIn
from tui.acts.picking import pick
from tui.acts.stage import STARTING, Stage
from tui.dashboard import Dashboard

if TYPE_CHECKING:
    from tui.dialogs.palette import Chosen


class OwnWords:
    """See the module."""

    def __init__(
        self,
        stage: Stage,
        dashboard: Dashboard,
        handing_in: HandingIn,
        default_card: Callable[[], str],
    ) -> None:
        self._stage = stage
        self._dashboard = dashboard
        self._handing_in = handing_in
        self._default_card = default_card

    def say(self) -> str:
        """Let somebody choose a message, fill it in and send it."""
        station = self._stage.station
        if station is None:
            return STARTING
        from tui.dialogs.say import FRAME, which_message

        def picked(chosen: Chosen) -> None:
            if chosen.choice.value == FRAME:
                self._write_frame()
            else:
                self.open_message(chosen.choice.value, None)

        pick(self._stage, which_message(station.subprotocol), picked)
        return ""

    def say_again(self) -> str:
        """Let somebody change the message under the cursor, and send it."""
        exchange = self._dashboard.messages.selected
        if exchange is None:
            return "There is no message to send again yet."
        if exchange.direction is not Direction.SENT:
            return "Only what the charge point has asked can be sent again: move to such a message."
        from tui.protocols.payload import CALL_PAYLOAD, frame_payload

        payload = frame_payload(exchange.request, CALL_PAYLOAD)
        if payload is None and text.plain(exchange.request) != exchange.request:
            return "It has characters that cannot be shown, so it cannot be changed here."
        if payload is None:
            self._write_frame(exchange.request)
        else:
            self.open_message(exchange.action, payload)
        return ""

    def open_message(self, action: str, payload: Mapping[str, Any] | None) -> None:
        """Let somebody fill in a message; `payload` is what it begins with."""
        station = self._stage.station
        if station is None:
            return
        from tui.dialogs.say import SaySheet
        from tui.protocols.message_facts import message_facts

        stage, hand_in = self._stage, self._handing_in
        now = stage.host.now()
        facts = message_facts(station, self._dashboard.connector, now, self._default_card())
        stage.open(
            SaySheet(
                stage.look, action, payload, station.subprotocol, facts, hand_in.ask_for, stage.say
            )
        )

    def _write_frame(self, written: str = "") -> None:
        """Let somebody write a whole frame."""
        from tui.dialogs.say import frame_trouble
        from tui.dialogs.text_editor import TextEditor

        def answered(frame: str | None) -> None:
            if frame is not None:
                self._handing_in.ask(SendFrame(frame))

        written = written or '[2, "by-hand-1", "Heartbeat", {}]'
        title = "A whole frame, sent as it is"
        self._stage.open(TextEditor(self._stage.look, title, written, frame_trouble), answered)
