"""The line in which a filter is typed; what it means is in `log_filter`."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterLine(Input):
    """The filter being typed; escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("down,up", "done", show=False),
    ]

    class Left(Message):
        """The filter was given up."""

    class Done(Message):
        """The filter stays, the keys go back to the messages."""

    def action_leave(self) -> None:
        self.post_message(self.Left())

    def action_done(self) -> None:
        self.post_message(self.Done())
