"""`chargeforge torture`: lives that chance draws against a CSMS, and what it does not keep to.

Without `--csms-url` ChargeForge's own CSMS answers. Findings go to stdout, what is done just now to
stderr, where that is a terminal; the scenario of each finding is a file that `chargeforge test`
plays.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sim_core.command_line import Parser, live_line
from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.runtime.clock import SystemClock
from sim_core.settings.loading import load
from sim_core.settings.options import Settings
from sim_core.testbench.command import adapters, names_csms
from sim_core.testbench.hasty_stage import HastyStage
from sim_core.testbench.invariants.heard import ANSWERS_WITHIN_S
from sim_core.testbench.invariants.table import INVARIANTS
from sim_core.testbench.own_csms import OwnHouse
from sim_core.testbench.scenario import Scenario
from sim_core.testbench.stage import Stage, VirtualStage
from sim_core.testbench.torture import reports
from sim_core.testbench.torture.lives import Plan
from sim_core.testbench.torture.trial import Finding, Trial, tried

PROG = "chargeforge torture"
WIDTH = 100
LIVES, STATIONS, MOST_STATIONS, DEEDS = 50, 2, 50, 30
TELLING_LIVES = 5
NOBODY_CHARGES = "In no life has anybody charged: --cards names cards that the CSMS takes."
OTHER_VERSION = "; --ocpp-version names the one that the CSMS speaks"


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"it is a whole number from {least} to {most}")
        return int(text)

    return read


def _above_0(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("it is a number above 0")
    return value


def parser(prog: str = PROG) -> argparse.ArgumentParser:
    """The command line."""
    made = Parser(
        prog=prog,
        allow_abbrev=False,
        description="Lives of charge points that chance has drawn, against a CSMS, as fast as it "
        "answers: drivers, cut links, power cuts, faults, messages that come late or twice. "
        "What it must keep to whatever happens is watched; a failure is made small, and "
        "written as a scenario for chargeforge test. Without --csms-url ChargeForge's own CSMS "
        "answers. The exit code is 0 when all holds, 1 when something does not, 2 when it cannot "
        "be played.",
    )
    names_csms(made)
    made.add_argument("--seed", type=_whole(0, 2**31), default=1, help="what chance draws from (1)")
    lasts = made.add_mutually_exclusive_group()
    lasts.add_argument("--lives", type=_whole(1, 10**6), metavar="N", help=f"so many ({LIVES})")
    lasts.add_argument("--minutes", type=_above_0, metavar="N", help="as many as go into that")
    made.add_argument(
        "--stations",
        type=_whole(1, MOST_STATIONS),
        default=STATIONS,
        metavar="N",
        help=f"charge points of a life ({STATIONS})",
    )
    made.add_argument(
        "--deeds", type=_whole(1, 5_000), default=DEEDS, metavar="N", help=f"of a life ({DEEDS})"
    )
    made.add_argument("--ocpp-version", choices=("1.6", "2.0.1"), help="lives of one version")
    made.add_argument(
        "--cards",
        metavar="A,B,C",
        help="cards of the drivers: some that the CSMS takes, some that it does not",
    )
    made.add_argument(
        "--within",
        type=_above_0,
        default=ANSWERS_WITHIN_S,
        metavar="S",
        help=f"seconds that the CSMS has for an answer ({ANSWERS_WITHIN_S:g})",
    )
    made.add_argument("--stop-early", action="store_true", help="end with the first finding")
    made.add_argument(
        "--scenarios",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where the scenario of each finding is written (here)",
    )
    made.add_argument("--json", action="store_true", help="one JSON object in place of the lines")
    made.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML, too")
    made.add_argument("--list", action="store_true", help="name the invariants, and play nothing")
    return made


def main(argv: Sequence[str] | None = None, prog: str = PROG) -> int:
    """Returns the exit code: 0 when all holds, 1 when something does not, 2 when it cannot be
    played."""
    options = parser(prog).parse_args(argv)
    if options.list:
        for row in INVARIANTS:
            print(f"{row.name:20} {row.sentence} ({row.clause})")
        return 0
    try:
        base = load([f"--csms-url={options.csms_url}"] if options.csms_url else [], prog)
        plan = _plan(options)
    except UserError as error:
        print(one_line(str(error)), file=sys.stderr)
        return 2
    run = _Run(options, base, plan)
    interrupted = False
    try:
        asyncio.run(run.all())
    except KeyboardInterrupt:
        interrupted = True
    except UserError as error:
        run.trial.trouble = str(error)
    live_line("", WIDTH)
    return run.ended(interrupted)


def _plan(options: argparse.Namespace) -> Plan:
    own = options.csms_url is None
    usual = Plan()
    cards = tuple(one.strip() for one in (options.cards or "").split(",") if one.strip())
    return Plan(
        seed=options.seed,
        stations=options.stations,
        deeds=options.deeds,
        versions=(options.ocpp_version,) if options.ocpp_version else usual.versions,
        cards=cards or usual.cards,
        asks=own or bool(options.csms_api),
        sessions=own or bool(options.csms_sessions),
        answers_within_s=options.within,
    )


class _Run:
    """One run of the command: what comes of it is told as it comes."""

    def __init__(self, options: argparse.Namespace, base: Settings, plan: Plan) -> None:
        self.trial = Trial(plan)
        self._options = options
        self._base = base
        self._files: dict[str, Path] = {}
        self._clock = SystemClock()
        self._began = self._clock.monotonic()

    async def all(self) -> None:
        """Play. Raises UserError."""
        await tried(self.trial, self._stage, self._more, self)

    def _stage(self, scenario: Scenario) -> Stage:
        if self._options.csms_url is None:
            return VirtualStage(scenario, self._base, scenario.seed, OwnHouse())
        return HastyStage(scenario, self._base, scenario.seed, *adapters(self._options))

    def _more(self, trial: Trial) -> bool:
        if self._options.stop_early and trial.findings:
            return False
        if self._options.minutes is not None:
            left: float = self._began + self._options.minutes * 60 - self._clock.monotonic()
            return left > 0
        lives: int = self._options.lives or LIVES
        return trial.lives < lives

    # -- trial.Teller --------------------------------------------------

    def life(self, trial: Trial, number: int) -> None:
        """See `trial.Teller`."""
        live_line(reports.progress(trial, f"life {number}"), WIDTH)

    def smaller(self, trial: Trial, name: str, steps: int) -> None:
        """See `trial.Teller`."""
        live_line(reports.progress(trial, f"{name} in {steps} steps"), WIDTH)

    def found(self, trial: Trial, finding: Finding) -> None:
        """See `trial.Teller`. Raises UserError where its scenario cannot be written."""
        path = reports.write_scenario(self._options.scenarios, finding, trial.plan.seed)
        self._files[finding.name] = path
        live_line("", WIDTH)
        if not self._options.json:
            for line in reports.of_finding(finding, path):
                print(line, flush=True)

    # -- the end -------------------------------------------------------

    def ended(self, interrupted: bool) -> int:
        """Say what came of it; returns the exit code."""
        trial, options = self.trial, self._options
        if trial.trouble:
            several = len(trial.plan.versions) > 1
            hint = OTHER_VERSION if several and trial.lives else ""
            trial.trouble = one_line(trial.trouble + hint)
            print(trial.trouble, file=sys.stderr)
        if trial.lives >= TELLING_LIVES and not trial.charging:
            print(NOBODY_CHARGES, file=sys.stderr)
        try:
            if options.junit is not None:
                reports.write_junit(options.junit, trial)
        except UserError as error:
            print(one_line(str(error)), file=sys.stderr)
            return 2
        if options.json:
            print(json.dumps(reports.as_json(trial, self._files)))
        else:
            print(reports.summary(trial))
        if interrupted:
            print("Interrupted: the rest was not played.", file=sys.stderr)
            return 130
        if trial.trouble:
            return 2
        return 1 if trial.findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
