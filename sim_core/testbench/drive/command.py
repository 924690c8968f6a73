"""`chargeforge drive`: charge points over lines of JSON, for suites in whatever language.

A request a line on stdin, an answer a line on stdout, with the request's id; events in between,
where they are wanted. Whatever is wrong is an answer, and the next line is read. When stdin ends,
what was asked for is done, and the charge points end in order; so they do on SIGTERM and Ctrl-C, at
once.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import Any

from sim_core.command_line import Parser
from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.settings.loading import load
from sim_core.testbench.drive import requests as asked
from sim_core.testbench.drive.json_text import as_line
from sim_core.testbench.drive.pipes import LONGEST, TOO_LONG, LinesIn, LinesOut, on_the_pipes
from sim_core.testbench.drive.session import Session, failure_of
from sim_core.testbench.driving import AskedWrongError

PROG = "chargeforge drive"
Say = Callable[[asked.Answer | asked.Event], None]
Next = Callable[[], Awaitable["bytes | None"]]
"""The next line; None when there are no more."""


def parser(prog: str = PROG) -> Parser:
    """The command line."""
    made = Parser(
        prog=prog,
        allow_abbrev=False,
        description="Charge points for tests of a CSMS in any language: a JSON request a line on "
        'stdin, a JSON answer a line on stdout. {"id": 1, "op": "start"} is one. It ends when '
        "stdin does.",
    )
    how_to_reach(made)
    made.add_argument("--schema", action="store_true", help="print the JSON Schema of the lines")
    return made


def how_to_reach(made: Parser) -> None:
    """The options that say where the CSMS is."""
    made.add_argument("--csms-url", metavar="URL", default="", help="the CSMS that is dialled")
    made.add_argument(
        "--csms-api",
        metavar="URL",
        default="",
        help="where a POST of {cpid, action, payload} has the CSMS ask a charge point",
    )
    made.add_argument("--csms-api-key", metavar="KEY", default="", help="its X-API-Key")


def unreachable(csms_url: str, prog: str) -> str:
    """What is wrong with the URL of the command line, as a sentence; empty: nothing."""
    try:
        load([f"--csms-url={csms_url}"] if csms_url else [], prog)
    except UserError as error:
        return one_line(str(error))
    return ""


def main(argv: Sequence[str] | None = None, prog: str = PROG) -> int:
    """Returns the exit code: 0 at an orderly end, whatever was answered; 2 for a bad option."""
    options = parser(prog).parse_args(argv)
    if options.schema:
        from sim_core.testbench.drive.schema import schema

        print(json.dumps(schema(), indent=2))
        return 0
    if trouble := unreachable(options.csms_url, prog):
        print(trouble, file=sys.stderr)
        return 2

    async def hold(lines: LinesIn, out: LinesOut, ending: asyncio.Event) -> None:
        where = (options.csms_url, options.csms_api, options.csms_api_key)
        await Conversation(lambda said: out.put(as_line(said)), *where).hold(lines.next, ending)

    return on_the_pipes(hold)


class Conversation:
    """Reads requests, has them done, and says what came of them."""

    def __init__(
        self, say: Say, csms_url: str = "", csms_api: str = "", csms_api_key: str = ""
    ) -> None:
        self._say = say
        self._session = Session(say, csms_url, csms_api, csms_api_key)
        self._before: asyncio.Task[None] | None = None
        """The last request that others wait for."""
        self._open: set[asyncio.Task[None]] = set()

    async def hold(self, next_line: Next, ending: asyncio.Event) -> None:
        """Go on until the lines end and what they ask is done, or until the end is asked for."""
        self._say(asked.Hello("hello", asked.PROTOCOL, version("chargeforge")))
        listening = asyncio.ensure_future(self._listen(next_line))
        asked_to_end = asyncio.ensure_future(ending.wait())
        try:
            await asyncio.wait({listening, asked_to_end}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (listening, asked_to_end, *self._open):
                task.cancel()
            await asyncio.gather(listening, asked_to_end, *self._open, return_exceptions=True)
            await self._session.close()

    async def _listen(self, next_line: Next) -> None:
        while (line := await next_line()) is not None:
            self.hear(line)
        while self._open:
            await asyncio.wait(set(self._open))

    def hear(self, line: bytes) -> None:
        """One line."""
        id_: asked.Id | None = None
        try:
            document = _object(line)
            id_ = asked.id_of(document)
            request = asked.read(document)
        except AskedWrongError as error:
            self._say(asked.Answer(id_, ok=False, error=failure_of(error)))
            return
        before = self._before
        task = asyncio.ensure_future(self._answer(request, before))
        if not request.beside:
            self._before = task
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _answer(self, request: asked.Request, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait({before})
            result = await self._session.perform(request)
        except asyncio.CancelledError:
            result = asked.Failure("ended", "it was ended before this was done")
        self._session.look()
        if isinstance(result, asked.Failure):
            self._say(asked.Answer(request.id, ok=False, error=result))
        else:
            self._say(asked.Answer(request.id, ok=True, result=result))


def _object(line: bytes) -> dict[str, Any]:
    """The JSON object in a line. Raises AskedWrongError."""
    if line == TOO_LONG:
        raise AskedWrongError(f"a line has at most {LONGEST} bytes")
    try:
        document = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise AskedWrongError(f"a line is one JSON object: {error}") from None
    if not isinstance(document, dict):
        raise AskedWrongError('a line is one JSON object, like {"id": 1, "op": "state"}')
    return document


def _no_number(word: str) -> None:
    raise ValueError(f"JSON has no {word}")


if __name__ == "__main__":
    raise SystemExit(main())
