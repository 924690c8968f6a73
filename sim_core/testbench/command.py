"""`chargeforge test`: scenarios against a CSMS, and whether it passes.

Without `--csms-url` ChargeForge's own CSMS answers, and time is virtual. A line a scenario goes to
stdout, what is done just now to stderr, where that is a terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from sim_core.command_line import Parser, live_line
from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.settings.loading import load
from sim_core.settings.options import Settings
from sim_core.testbench.own_csms import OverHttp, OwnHouse, SessionsOverHttp
from sim_core.testbench.playing import play
from sim_core.testbench.reports import as_json, lines, page, traces
from sim_core.testbench.scenario import Scenario
from sim_core.testbench.shipped_set import scenarios
from sim_core.testbench.stage import RealStage, Stage, VirtualStage
from sim_core.testbench.verdicts import Result, Verdict

PROG = "chargeforge test"
WIDTH = 100
BAD = (Verdict.FAILED, Verdict.BROKEN)
NEEDS_API = "the CSMS is to ask something here: --csms-api names who can tell it to"


def _variable(text: str) -> tuple[str, str]:
    name, is_one, value = text.partition("=")
    if not is_one or not name.isidentifier():
        raise argparse.ArgumentTypeError("--set is NAME=VALUE, like card=04A1B2")
    return name, value


def parser(prog: str = PROG) -> argparse.ArgumentParser:
    """The command line."""
    made = Parser(
        prog=prog,
        allow_abbrev=False,
        description="Play scenarios to a CSMS, as charge points would live them, and say whether "
        "it passes. Without --csms-url ChargeForge's own CSMS answers, in virtual time. The exit "
        "code is 0 when all pass, 1 when one fails, 2 when one cannot be played.",
    )
    made.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="scenarios, or folders",
    )
    names_csms(made)
    made.add_argument(
        "--only", metavar="NAMES", default="", help="whose names fit, like '*offline*'"
    )
    made.add_argument("--ocpp-version", choices=("1.6", "2.0.1"), help="those of one version")
    made.add_argument("--list", action="store_true", help="name them, a line each, and play none")
    made.add_argument(
        "--set",
        action="append",
        default=[],
        type=_variable,
        metavar="NAME=VALUE",
        help="a variable of the scenarios, like card=04A1B2",
    )
    made.add_argument(
        "--seed", type=int, metavar="N", help="what chance draws from (1, or what a scenario says)"
    )
    made.add_argument(
        "--time-scale", type=float, metavar="N", help="how many times as fast time passes (1)"
    )
    made.add_argument("--stop-early", action="store_true", help="end with the first that fails")
    made.add_argument("--json", action="store_true", help="one JSON object in place of the lines")
    made.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML, too")
    made.add_argument(
        "--html", type=Path, metavar="FILE", help="write one page with all of it, too"
    )
    made.add_argument("--traces", type=Path, metavar="FOLDER", help="keep the frames, a trace each")
    made.add_argument("--schema", action="store_true", help="print the JSON Schema of scenarios")
    return made


def names_csms(made: argparse.ArgumentParser) -> None:
    """The options by which somebody's CSMS is named, and who tells it things; see `adapters`."""
    made.add_argument("--csms-url", metavar="URL", help="the CSMS that is tested")
    made.add_argument(
        "--csms-api",
        metavar="URL",
        help="where a POST of {cpid, action, payload} has the CSMS ask a charge point",
    )
    made.add_argument(
        "--csms-sessions", metavar="URL", help="where a GET tells which sessions have ended"
    )
    made.add_argument("--csms-api-key", metavar="KEY", default="", help="the X-API-Key of both")


def main(argv: Sequence[str] | None = None, prog: str = PROG) -> int:
    """Returns the exit code: 0 when all pass, 1 when one fails, 2 when one cannot be played."""
    options = parser(prog).parse_args(argv)
    if options.schema:
        from sim_core.testbench.schema import schema

        print(json.dumps(schema(), indent=2))
        return 0
    try:
        chosen = [
            replace(one, variables={**one.variables, **dict(options.set)})
            for one in scenarios(options.files, options.only, options.ocpp_version or "")
        ]
        base = _base(options, prog)
    except UserError as error:
        print(one_line(str(error)), file=sys.stderr)
        return 2
    if options.list:
        for one in chosen:
            print(one_line(f"{one.name:34} {one.ocpp:6} {one.title}"))
        return 0
    results: list[Result] = []
    interrupted = False
    try:
        for place, scenario in enumerate(chosen, 1):
            result = _played(scenario, options, base)
            results.append(result)
            live_line("", WIDTH)
            if not options.json:
                for line in lines.of_result(result, f"{place:>3}/{len(chosen)}"):
                    print(line, flush=True)
            if result.unreached or (options.stop_early and result.verdict in BAD):
                break
    except KeyboardInterrupt:
        interrupted = True
        live_line("", WIDTH)
    return _ended(results, options, interrupted)


def _ended(results: Sequence[Result], options: argparse.Namespace, interrupted: bool) -> int:
    """Write what was asked for; returns the exit code."""
    try:
        if options.junit is not None:
            from sim_core.testbench.reports import junit

            junit.write(options.junit, results)
        if options.html is not None:
            page.write(options.html, results)
        if options.traces is not None:
            traces.write(options.traces, results)
    except UserError as error:
        print(one_line(str(error)), file=sys.stderr)
        return 2
    print(json.dumps(as_json.of_results(results)) if options.json else lines.summary(results))
    if interrupted:
        print("Interrupted: the rest was not played.", file=sys.stderr)
        return 130
    verdicts = {result.verdict for result in results}
    if Verdict.BROKEN in verdicts:
        return 2
    return 1 if Verdict.FAILED in verdicts else 0


def _base(options: argparse.Namespace, prog: str) -> Settings:
    """What the surroundings and the command line say of how to get into the CSMS."""
    words = []
    if options.csms_url:
        words.append(f"--csms-url={options.csms_url}")
    if options.time_scale is not None:
        words.append(f"--time-scale={options.time_scale}")
    return load(words, prog)


def _played(scenario: Scenario, options: argparse.Namespace, base: Settings) -> Result:
    own = options.csms_url is None
    seed = scenario.seed if options.seed is None else options.seed
    if scenario.asks_csms and not own and not options.csms_api:
        return _left_out(scenario, seed)

    def told(line: str) -> None:
        live_line(f"{scenario.name}: {line}", WIDTH)

    async def run() -> Result:
        stage: Stage
        if own:
            stage = VirtualStage(scenario, base, seed, OwnHouse())
        else:
            stage = RealStage(scenario, base, seed, *adapters(options))
        return await play(scenario, stage, seed, told)

    try:
        return asyncio.run(run())
    except UserError as error:
        return _broken(scenario, seed, str(error))


def adapters(options: argparse.Namespace) -> tuple[OverHttp | None, SessionsOverHttp | None]:
    """Who can tell the CSMS to ask something, and who tells of its sessions, as the command line
    names them."""
    api, sessions, key = options.csms_api, options.csms_sessions, options.csms_api_key
    return (
        OverHttp(api, key) if api else None,
        SessionsOverHttp(sessions, key) if sessions else None,
    )


def _left_out(scenario: Scenario, seed: int) -> Result:
    return replace(_broken(scenario, seed, NEEDS_API), verdict=Verdict.SKIPPED)


def _broken(scenario: Scenario, seed: int, why: str) -> Result:
    began = datetime(1970, 1, 1, tzinfo=timezone.utc)
    said = one_line(f"{scenario.at}: {why}")
    return Result(scenario, Verdict.BROKEN, said, (), (), (), seed, began, 0.0, 0.0)


if __name__ == "__main__":
    raise SystemExit(main())
