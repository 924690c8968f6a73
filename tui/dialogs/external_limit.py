"""Who limits the power beside the CSMS, and to how much: what is asked before it is done."""

from __future__ import annotations

import re

from sim_core.commands import ClearExternalLimit, Command, SetExternalLimit
from sim_core.snapshot import LIMITERS, ExternalLimit, StationSnapshot
from tui import text
from tui.dialogs.palette import Choice, Chosen, Question
from tui.dialogs.questions import CommandQuestion
from tui.protocols.known import wording_of
from tui.typed_commands import typed_command

VERB = "external_limit"
AMOUNT = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(?:kW)?", re.ASCII)
EXAMPLES_KW = ((20, "SO"), (10, "EMS"), (0, "SO"))
"""Limits to begin with, for whoever does not want to type one."""
HINT = "kW, who (EMS, SO, Other), connector, critical: 20 SO 1"


def which_limit(station: StationSnapshot) -> CommandQuestion:
    """A limit that is typed, one of a few, or one that stands and is to be lifted."""
    lifts: dict[str, Command] = {
        f"lift {number}": ClearExternalLimit(one.source, one.connector_id)
        for number, one in enumerate(station.external_limits)
    }

    def place(connector_id: int) -> str:
        if not connector_id:
            return "all together"
        return wording_of(station.subprotocol).place_of(connector_id)

    def lifting(value: str, one: ExternalLimit) -> Choice:
        told = f"{one.whose}: {text.kilowatts(one.limit_w)}, {place(one.connector_id)}"
        return Choice(value, f"lift {told}", "that limit counts no longer")

    def limiting(typed: str) -> Choice | None:
        command = limit_of(typed)
        if command is None:
            return None
        told = f"{LIMITERS[command.source]} allows {text.kilowatts(command.limit_w)}"
        return Choice(typed, told, place(command.connector))

    examples = (limiting(f"{limit_kw} {source}") for limit_kw, source in EXAMPLES_KW)
    question = Question(
        "Who limits the power, and to how much?",
        HINT,
        [
            *(lifting(*both) for both in zip(lifts, station.external_limits, strict=True)),
            *(one for one in examples if one is not None),
        ],
        free=limiting,
        empty=f"Type {HINT}.",
    )

    def command(chosen: Chosen) -> Command:
        value = chosen.choice.value
        asked = lifts.get(value) or limit_of(value)
        assert asked is not None, "only what means a command is a choice"
        return asked

    return CommandQuestion(question, command)


def limit_of(typed: str) -> SetExternalLimit | None:
    """The command that "20 SO 1" means; None: it means none. Who it is may be left out, and is in
    any case of letters."""
    amount, *words = typed.split() or [""]
    sources = {source.casefold(): source for source in LIMITERS}
    words = [sources.get(word.casefold(), word) for word in words]
    said = AMOUNT.fullmatch(amount)
    if said is None:
        return None
    limit_w = round(float(said[1]) * 1000)
    found = typed_command(" ".join([VERB, str(limit_w), *words]))
    command = found[0] if found else None
    return command if isinstance(command, SetExternalLimit) else None
