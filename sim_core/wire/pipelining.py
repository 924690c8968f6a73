"""Several calls open at once, in a make that does not wait for answers.

OCPP-J §4.1.1 allows one. Some firmware has a few slots instead: a call takes one until it is
answered, or until patience ends and it counts as open no longer. Of the journal one row is open at
a time all the same, for its order is the transaction's. The outbox says whose turn it is; here is
what goes on beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from sim_core.runtime.clock import Clock
from sim_core.wire.wire_format import WireFormat

NEVER_S = 1e9
TURNS = 3
"""How often the loop comes round before a frame that was begun has left."""


class Pipelining:
    """The calls that are open on one connection after the other."""

    def __init__(self, clock: Clock, style: WireFormat, *, changed: Callable[[], None]) -> None:
        """`changed` is called whenever a slot is taken or free again."""
        self._clock = clock
        self._style = style
        self._changed = changed
        self._sending: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        """What has gone wrong in a call beside: it ends the charge point visibly."""
        self._taken = 0
        self.row_open = False
        """A transaction message waits for its answer."""
        self.starting = False
        """A frame is on its way to the socket."""

    @property
    def full(self) -> bool:
        """Whether every slot is taken."""
        return self._taken >= self._style.open_calls

    @property
    def busy(self) -> bool:
        """Whether any slot is taken."""
        return self._taken > 0

    def check(self) -> None:
        """Raise what has gone wrong in a call beside."""
        if self._failure is not None:
            raise self._failure

    async def begin(
        self,
        sending: Coroutine[Any, Any, None],
        *,
        is_row: bool = False,
        on_impatience: Callable[[], None] | None = None,
    ) -> None:
        """Send beside what is open; returns when the frame has left, not when it is answered.

        `on_impatience` is called when patience ends, and then the call is given up.
        """
        work = asyncio.ensure_future(sending)
        self._sending.add(work)
        self._taken += 1
        self.row_open = self.row_open or is_row
        self.starting = True
        held = True

        def free_slot() -> None:
            nonlocal held
            if held:
                held = False
                self._taken -= 1
                self._changed()

        def impatient() -> None:
            free_slot()
            if on_impatience is not None:
                work.cancel()
                on_impatience()

        def ended(task: asyncio.Task[None]) -> None:
            self._sending.discard(task)
            timer.cancel()
            if is_row:
                self.row_open = False
            if not task.cancelled() and task.exception() is not None:
                self._failure = task.exception()
            free_slot()
            self._changed()

        patience_s = self._style.patience_s
        timer = self._clock.call_later(NEVER_S if patience_s is None else patience_s, impatient)
        work.add_done_callback(ended)
        self._changed()
        for _ in range(TURNS):  # frames leave in the order of their turns
            await asyncio.sleep(0)
        self.starting = False

    async def end(self) -> None:
        """The link is gone: give up what is open."""
        self.starting = False
        sending = list(self._sending)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
