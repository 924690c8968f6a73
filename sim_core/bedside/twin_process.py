"""The process of the twin (`sim_core.lockstep`) as its parent holds it: on two pipes.

What relays is not touched by it: it hears copies, on the loop that looks. If it computes too
slowly, it looks less often; if it ends, that is said, and all else goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sim_core.bedside.exchanges import Answered, Call
from sim_core.redaction import one_line
from sim_core.traces.frames import Side
from sim_core.traces.messages import CALLERROR, CALLRESULT

LOG = logging.getLogger(__name__)

MOST_UNREAD = 32 * 1024 * 1024
"""Bytes that may wait for the process to read them."""
LONGEST_LINE = 64 * 1024 * 1024
LAST_LOOK_S = 3.0
"""How long the end waits for what the twin has to say yet."""

STOPPED = "the twin has stopped: nothing is compared any more; frames pass on"
TOO_SLOW = "the twin does not keep up with the charger: nothing is compared any more"


class TwinProcess:
    """See the module. `start` and `stop` it on one loop."""

    def __init__(
        self,
        model: str,
        quirks: str,
        heard: Callable[[str, dict[str, Any]], None],
        trouble: Callable[[str, str], None],
    ) -> None:
        """`heard` is told a charger's name and a verdict as `lockstep.following.Judged` has it,
        `trouble` a charger's name (empty: all) and what keeps it from being judged."""
        self._arguments = (model, quirks)
        self._heard = heard
        self._trouble = trouble
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ending = False

    async def start(self) -> None:
        """Start it."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sim_core.lockstep",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
        self._reading = asyncio.ensure_future(self._read_both(self._process))

    @property
    def pid(self) -> int:
        """Its process; 0: there is none."""
        return self._process.pid if self._process is not None else 0

    async def stop(self) -> None:
        """Let it say what it has seen, and end it."""
        process, self._ending = self._process, True
        if process is None or self._reading is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        _, late = await asyncio.wait([self._reading], timeout=LAST_LOOK_S)
        if late:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await self._reading
        await process.wait()
        self._process = None

    # -- what passes -------------------------------------------------------------------------------

    def asked(self, charger: str, call: Call) -> None:
        """A request has passed."""
        by_charger = call.asked_by is Side.CHARGER
        at = call.at.isoformat()
        message = (call.message_id, call.action, call.payload)
        self._tell(["asked", charger, call.number, by_charger, at, *message, call.slash])

    def answered(self, charger: str, answered: Answered) -> None:
        """The answer to a request has passed."""
        answer: list[Any] = [CALLRESULT, answered.payload]
        if answered.payload is None:
            answer = [CALLERROR, answered.error.partition(" ")[0], "", {}]
        at = answered.at.isoformat()
        self._tell(["answered", charger, answered.call.number, at, answer, answered.slash])

    def listened(self, until: datetime) -> None:
        """Nothing else has passed until now."""
        self._tell(["listened", until.isoformat()])

    def ended(self, charger: str, at: datetime) -> None:
        """A connection has ended."""
        self._tell(["ended", charger, at.isoformat()])

    def _tell(self, line: list[Any]) -> None:
        process = self._process
        if process is None or process.stdin is None or self._ending:
            return
        if process.stdin.transport.get_write_buffer_size() > MOST_UNREAD:
            self._ending = True
            self._trouble("", TOO_SLOW)
            process.stdin.close()
            return
        process.stdin.write(json.dumps(line).encode() + b"\n")

    async def _read_both(self, process: asyncio.subprocess.Process) -> None:
        await asyncio.gather(self._read(process), self._read_complaints(process))

    async def _read_complaints(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            LOG.warning("the twin: %s", one_line(line.decode("utf-8", "backslashreplace").rstrip()))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            kind, charger, said = json.loads(line)
            if kind == "judged":
                self._heard(charger, said)
            else:
                self._trouble(charger, said)
        if not self._ending:
            self._ending = True
            code = await process.wait()
            LOG.warning("the process of the twin has ended by itself, exit code %s", code)
            self._trouble("", STOPPED)
