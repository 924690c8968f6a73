"""The sheet of the connection: opened once it is known where is dialled, and what its rows do.

What is put together there (`Draft`) belongs to the sheet that is open, so an object of its own acts
on it. The examination goes on while the sheet is read: each step shows as soon as it is taken.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sim_core.commands import Refused
from sim_core.settings.destination import Destination
from sim_core.snapshot import LinkState
from tui.acts.picking import pick
from tui.acts.stage import Stage
from tui.recent_csms import RecentCsms
from tui.shown import Doctor, Shown, WhereTo

if TYPE_CHECKING:
    from tui.dialogs.connection import Draft, Finding
    from tui.dialogs.palette import Chosen
    from tui.dialogs.sheet import Sheet

NO_DOCTOR = (
    "The doctor has to look from where the charge point runs: chargeforge doctor there, with the "
    "same options."
)


class Connection:
    """Opens the sheet."""

    def __init__(
        self,
        stage: Stage,
        shown: Callable[[], Shown],
        recent: RecentCsms,
        dial: Callable[[], None],
        stand_aside: Callable[[], None],
    ) -> None:
        """`shown` is the charge point on the screen; `dial` lets it dial at once; `stand_aside` is
        called where somebody acts."""
        self._stage = stage
        self._shown = shown
        self._recent = recent
        self._dial = dial
        self._stand_aside = stand_aside

    def open(self) -> str:
        """Look up where is dialled, and open the sheet."""
        where = self._shown().where
        if where is None:
            return "Here is nothing to dial: this charge point is only looked at."
        found = where.look_up()
        if found.done():  # at once: what is typed fast is meant for the sheet
            self._open(where, found.result())
        else:
            self._stage.work(self._open_when_found(where, found), "commands")
        return ""

    async def _open_when_found(
        self, where: WhereTo, found: concurrent.futures.Future[Destination | Refused]
    ) -> None:
        self._open(where, await asyncio.wrap_future(found))

    def _open(self, where: WhereTo, found: Destination | Refused) -> None:
        if isinstance(found, Refused):
            self._stage.say(found.reason)
            return
        from tui.dialogs.connection import Draft, connection
        from tui.dialogs.sheet import Sheet

        stage, draft = self._stage, Draft(found, found, where.keeps_id)
        acts = _Acts(stage, draft, where, self._shown().doctor, self._recent, self._stand_aside)
        tabs = connection(
            stage.look,
            draft,
            self._recent.all,
            lambda: stage.station,
            stage.host.now,
            acts.edit,
            acts.connect,
            self._dial_now,
            lambda: acts.examine(sheet),
        )
        sheet = Sheet(stage.look, lambda: "Connection to the CSMS", tabs)
        stage.open(sheet)

    def _dial_now(self) -> str:
        station = self._stage.station
        reason = station.refusals.get("dial", "") if station else ""
        if not reason:
            self._dial()
        return reason or "Dialling now."


class _Acts:
    """What is done with one draft."""

    def __init__(
        self,
        stage: Stage,
        draft: Draft,
        where: WhereTo,
        doctor: Doctor | None,
        recent: RecentCsms,
        stand_aside: Callable[[], None],
    ) -> None:
        self._stage = stage
        self._draft = draft
        self._where = where
        self._doctor = doctor
        self._recent = recent
        self._stand_aside = stand_aside

    def edit(self, name: str) -> str:
        """Let somebody change a field of what is wanted."""
        draft = self._draft
        if name == "charge_point_id" and draft.keeps_id:
            return draft.keeps_id
        from tui.dialogs.connection import question_about

        def picked(chosen: Chosen) -> None:
            value = chosen.choice.value
            draft.change(name, int(value) if name == "security_profile" else value)

        pick(self._stage, question_about(name, draft.wanted), picked)
        return ""

    def connect(self) -> str:
        """Dial what is wanted from now on."""
        self._stand_aside()
        self._stage.work(self._connected(), "commands")
        return "Connecting there…" if not self._stage.look.ascii else "Connecting there."

    async def _connected(self) -> None:
        draft, wanted = self._draft, self._draft.wanted
        outcome = await asyncio.wrap_future(self._where.connect_to(wanted))
        if isinstance(outcome, Refused):
            self._stage.say(outcome.reason)
        else:
            self._stage.say(self._recent.add(draft.now))
            self._stage.say(self._recent.add(wanted))
            draft.now = draft.wanted = replace(wanted, password=None)
        self._stage.sample()

    def examine(self, sheet: Sheet) -> str:
        """Let the doctor look at what is wanted; each step shows as soon as it is taken."""
        examine, station, draft = self._doctor, self._stage.station, self._draft
        if examine is None:
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

        self._stage.work_beside(work, "doctor")
        return ""
