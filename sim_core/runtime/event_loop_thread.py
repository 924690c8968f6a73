"""A loop of its own on a thread of its own, with a start, an end and a reason.

What is simulated must not share the loop of whoever shows it: Textual's driver blocks its loop when
a terminal stops reading. So it lives here, and viewers on other threads start it, ask for its end,
wait, and read why it is not running.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable

from sim_core.errors import UserError
from sim_core.runtime import event_loops

LOG = logging.getLogger(__name__)

Main = Callable[[asyncio.Event], Awaitable[None]]
"""What runs; it returns soon after the event, which says that the end is asked for."""


class EventLoopThread:
    """Runs `main` on an event loop in a thread; may be started again after it has ended."""

    def __init__(
        self,
        name: str,
        main: Main,
        *,
        ended: Callable[[], None],
        event_loop: str = event_loops.ASYNCIO,
    ) -> None:
        """`ended` is called on that thread when the loop is closed, however it came to it;
        `event_loop` is one of `event_loops.KINDS`."""
        self.failure = ""
        """Why it is not running, as a sentence; empty while it runs and after an orderly end."""
        self.exit_code = 0
        """What the process should end with after a failure: 2 for a setting, else 1."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self._name = name
        self._main = main
        self._ended = ended
        self._event_loop = event_loop
        self._ending: asyncio.Event | None = None
        self._stop_asked = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start it, or start it again; returns at once."""
        if self._thread and self._thread.is_alive():
            return
        self.failure = ""
        self.exit_code = 0
        self._stop_asked.clear()
        self._thread = threading.Thread(target=self._live, name=self._name, daemon=True)
        self._thread.start()

    def stop(self, deadline: float) -> bool:
        """Ask for the end and wait at most `deadline` seconds; False when it did not come."""
        self._stop_asked.set()
        loop, ending = self.loop, self._ending
        if loop and ending:
            with contextlib.suppress(RuntimeError):  # the loop closed by itself
                loop.call_soon_threadsafe(ending.set)
        return self.wait(deadline)

    def stop_then(self, deadline: float, then: Callable[[bool], None]) -> None:
        """`stop` without waiting for it: `then` hears, on a thread of its own, what it returned."""
        threading.Thread(
            target=lambda: then(self.stop(deadline)), name=f"{self._name}-ends", daemon=True
        ).start()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most `seconds`; True when it has ended or never begun."""
        if self._thread:
            self._thread.join(seconds)
        return not (self._thread and self._thread.is_alive())

    def _live(self) -> None:
        try:
            event_loops.run(self._run(), self._event_loop)
        except UserError as error:
            self.exit_code = 2
            self.failure = str(error)
        except Exception as error:
            LOG.exception("%s stopped", self._name)
            self.exit_code = 1
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            self.loop = self._ending = None
            self._ended()

    async def _run(self) -> None:
        ending = asyncio.Event()
        self.loop, self._ending = asyncio.get_running_loop(), ending
        if self._stop_asked.is_set():  # asked for between the start and now
            ending.set()
        await self._main(ending)
