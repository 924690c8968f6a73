"""Beside each charger its twin: what both have said, what differs, and the report of it.

A difference is said when it is first seen; that the next sample has it too is a mark at its row. So
the events tell an operator each thing once, and the report says how often it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sim_core.bedside.charger import Charger
from sim_core.bedside.exchanges import Answered, Call
from sim_core.bedside.ocpp16_frames import SUBPROTOCOL
from sim_core.bedside.options import BedsideSettings
from sim_core.bedside.recording import folder_name
from sim_core.bedside.twin_process import TwinProcess
from sim_core.bedside.verdicts import DIFFERENT, Mark, Verdict, Verdicts
from sim_core.events import Event, Ring
from sim_core.hardware.model import Model
from sim_core.lockstep.words import kind_of
from sim_core.redaction import one_line
from sim_core.settings.model_file import chosen_quirks, load_model
from sim_core.store.interface import MEMORY

LOG = logging.getLogger(__name__)

FOLDER = "twin-reports"
"""Under STATE_DIR; in it a folder for each charger."""
VERDICTS_KEPT = 5_000
SAID_LIMIT = 400
ALLOWED_BETWEEN = ";"

Kind = tuple[Mark | None, str]
"""What is told once: the mark and the sentence without its numbers, or a habit alone."""


@dataclass(frozen=True)
class Row:
    """One kind of difference, as a report has it."""

    mark: Mark
    sentence: str
    """Of the first time."""
    count: int
    first_at: datetime
    connector_id: int | None


class Comparing:
    """See the module. Lives on the loop that looks."""

    def __init__(self, settings: BedsideSettings) -> None:
        """Raises ModelError where there is no such model, or it has no such habits."""
        assert settings.bedside_twin is not None
        self.model: Model = load_model(settings.bedside_twin)
        quirks = settings.bedside_twin_quirks
        chosen_quirks(quirks, self.model)
        patterns = settings.bedside_allow.split(ALLOWED_BETWEEN)
        self._allowed = tuple(one.strip() for one in patterns if one.strip())
        self._most = settings.message_log_size
        self._process = TwinProcess(settings.bedside_twin, quirks, self._heard, self._troubled)
        self._chargers: dict[str, Charger] = {}
        self._said: set[tuple[str, Kind]] = set()
        self._stale: set[str] = set()
        """Chargers with verdicts that no picture has yet."""
        self.verdicts: Ring[Event] = Ring(VERDICTS_KEPT)
        """Each verdict as an event with facts, in the order in which they were found."""

    async def start(self) -> None:
        """Start the twin."""
        await self._process.start()

    async def stop(self) -> None:
        """Let it say what it has seen, and end it."""
        await self._process.stop()
        self._publish()

    @property
    def pid(self) -> int:
        """The process of the twin; 0: there is none."""
        return self._process.pid

    @property
    def differing(self) -> int:
        """How many frames differ, of all chargers."""
        return sum(one.verdicts.picture.differing for one in self._chargers.values())

    # -- what passes -------------------------------------------------------------------------------

    def attach(self, charger: Charger) -> None:
        """From now on it has a twin."""
        self._chargers[charger.charge_point_id] = charger
        charger.verdicts = Verdicts(self.model.name, self._allowed, self._most)
        charger.on_exchange = partial(self._passed, charger)

    def listened(self, until: datetime) -> None:
        """A second has passed."""
        if self._chargers:
            self._process.listened(until)

    def link_ended(self, charger: Charger, at: datetime) -> None:
        """Its connection is over."""
        self._process.ended(charger.charge_point_id, at)

    def _passed(self, charger: Charger, heard: Call | Answered) -> None:
        if charger.subprotocol != SUBPROTOCOL:
            charger.warn("twin version", "the twin speaks OCPP 1.6: nothing is compared here")
            return
        if isinstance(heard, Answered):
            self._process.answered(charger.charge_point_id, heard)
            return
        if heard.action == "BootNotification":
            charger.warn("twin make", self._of_another_make(heard))
        self._process.asked(charger.charge_point_id, heard)

    def _of_another_make(self, boot: Call) -> str:
        own = self.model.identity
        said = [boot.payload.get(name) for name in ("chargePointVendor", "chargePointModel")]
        if said == [own.vendor, own.model]:
            return ""
        name = one_line(" ".join(str(word) for word in said))[:60]
        return f"this is a {name}, and {self.model.name} plays its twin: --twin takes a model file"

    # -- what the twin says ------------------------------------------------------------------------

    def _heard(self, name: str, judged: dict[str, Any]) -> None:
        charger = self._chargers.get(name)
        if charger is None:
            return
        was, verdict = charger.verdicts.take(judged)
        if not self._stale:
            asyncio.get_running_loop().call_soon(self._publish)
        self._stale.add(name)
        if verdict is None:
            if was is not None:
                self._append(name, was, taken_back=True)
            return
        self._append(name, verdict)
        kind = name, _kind(verdict)
        if verdict.mark in DIFFERENT and kind not in self._said:
            self._said.add(kind)
            place = None if verdict.habits else verdict.connector_id
            charger.note("twin", f"not as the twin: {verdict.sentence}", place)

    def _publish(self) -> None:
        """Show what one look has found, all at once."""
        for name in self._stale:
            self._chargers[name].verdicts.publish()
            self._chargers[name].publish(anyway=True)
        self._stale.clear()

    def _append(self, name: str, verdict: Verdict, *, taken_back: bool = False) -> None:
        mark = "taken back" if taken_back else verdict.mark.value
        text = f"{one_line(name)}: {verdict.what}: {mark}"
        if verdict.sentence and not taken_back:
            text += f", {verdict.sentence}"
        facts = {"charger": name, **verdict.facts, "verdict": mark}
        text = one_line(text)[:SAID_LIMIT]
        self.verdicts.append(Event(verdict.at, "verdict", text, verdict.connector_id, facts))

    def _troubled(self, name: str, sentence: str) -> None:
        for charger in self._chargers.values():
            if name in ("", charger.charge_point_id):
                charger.verdicts.trouble(sentence)
                charger.warn("twin", sentence)
                charger.publish()

    # -- the report --------------------------------------------------------------------------------

    def summaries(self) -> Iterator[str]:
        """A sentence for each charger that something was said of."""
        for name, charger in self._chargers.items():
            if charger.verdicts.picture.counts:
                yield f"{one_line(name)}: {counted(charger.verdicts)}"

    def write_reports(self, state: Path, at: datetime) -> None:
        """Write what was found of each charger to a file of its own."""
        if str(state) == str(MEMORY):
            return
        for name, charger in self._chargers.items():
            if not charger.verdicts.picture.counts:
                continue
            folder = state / FOLDER / folder_name(name)
            path = folder / f"{at.astimezone():%Y-%m-%dT%H%M%S}.txt"
            try:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_text(report(name, charger.verdicts, at), "utf-8", "backslashreplace")
            except OSError as error:
                charger.note("twin", f"no report is written: {path}: {error.strerror or error}")
            else:
                charger.note("twin", f"the report is in {path}")


def rows_of(verdicts: Verdicts) -> list[Row]:
    """Each kind of difference once, in the order in which they came up."""
    found: dict[Kind, list[Verdict]] = {}
    for verdict in verdicts.picture.differences:
        found.setdefault(_kind(verdict), []).append(verdict)
    return [
        Row(same[0].mark, same[0].sentence, len(same), same[0].at, _place(same))
        for same in found.values()
    ]


def _kind(verdict: Verdict) -> Kind:
    mark = None if verdict.habits else verdict.mark
    return mark, kind_of(verdict.sentence)


def _place(same: Sequence[Verdict]) -> int | None:
    """Where it is; a habit is the whole charger's."""
    return None if same[0].habits else same[0].connector_id


def counted(verdicts: Verdicts) -> str:
    """How many frames have which verdict."""
    counts = verdicts.picture.counts
    parts = [f"{count} {mark.value}" for mark in Mark if (count := counts.get(mark, 0))]
    return ", ".join(parts) or "nothing is compared yet"


def report(name: str, verdicts: Verdicts, at: datetime) -> str:
    """What was found, to be read."""
    picture = verdicts.picture
    lines = [
        f"{one_line(name)} beside its twin, {picture.model}",
        f"until {at.astimezone():%Y-%m-%d %H:%M:%S %z}",
        "",
        f"{counted(verdicts)}.",
        "",
    ]
    rows = rows_of(verdicts)
    if not rows:
        lines.append("Nowhere does it differ.")
    for row in rows:
        times = "once" if row.count == 1 else f"{row.count} times"
        place = f", connector {row.connector_id}" if row.connector_id is not None else ""
        lines.append(
            f"{row.first_at.astimezone():%H:%M:%S}  {row.mark.value}, {times}{place}: "
            f"{one_line(row.sentence)}"
        )
    if picture.trouble:
        lines += ["", one_line(picture.trouble)]
    return "\n".join(lines) + "\n"
