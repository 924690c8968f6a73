"""The way out: what charges is asked about first, wherever on the screen it does.

Nothing that runs is ended by the way; who wants it ended says so, and then its end is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sim_core.commands import Refused, Stop
from sim_core.engine import Host
from sim_core.snapshot import ConnectorSnapshot
from tui.acts.stage import Stage
from tui.leaving import CANCEL, STOP, AtExit, open_transactions

LOOKS, BETWEEN_S = 30, 0.1
"""How often, and how long after one another, it is looked whether all has ended."""


class Leaving:
    """See the module."""

    def __init__(
        self,
        stage: Stage,
        hosts: Callable[[], Sequence[Host]],
        at_exit: AtExit,
        leave: Callable[[], None],
    ) -> None:
        """`hosts` are all charge points of the screen, `leave` ends it."""
        self._stage = stage
        self._hosts = hosts
        self._at_exit = at_exit
        self._leave = leave

    def quit(self) -> str:
        """Leave; where something charges, once somebody has said what becomes of it."""
        charging = self._charging()
        if not charging:
            self._leave()
            return ""

        def answered(answer: str | None) -> None:
            if answer == STOP:
                self._stage.work(self.stop_and_quit(), "quit")
            elif answer is not None and answer != CANCEL:
                self._leave()

        from tui.dialogs.quit_question import QuitQuestion

        resumes = all(seen.resumes for host in self._hosts() if (seen := host.snapshot))
        busy = [connector for _, connector in charging]
        self._stage.open(QuitQuestion(self._stage.look, busy, self._at_exit, resumes), answered)
        return ""

    async def stop_and_quit(self) -> None:
        """End every transaction, wait a moment for it to be seen, leave."""
        asked = [
            asyncio.wrap_future(host.submit(Stop(connector.connector_id)))
            for host, connector in self._charging()
        ]
        refused = [
            done.reason for done in await asyncio.gather(*asked) if isinstance(done, Refused)
        ]
        if refused:
            self._stage.say(refused[0])
            return
        for _ in range(LOOKS):
            if not self._charging():
                break
            await asyncio.sleep(BETWEEN_S)
        self._leave()

    def _charging(self) -> list[tuple[Host, ConnectorSnapshot]]:
        """The connectors that have a transaction, with whose they are, as long as that runs."""
        return [
            (host, connector)
            for host in self._hosts()
            if (station := host.snapshot) is not None and not host.failure
            for connector in open_transactions(station)
        ]
