"""Every habit of a make beside a twin that has it: what is said, and whether anything else is.

`python -m tests.lockstep` plays for each habit the scene in which it shows to a charger without it,
lets that speak beside a twin with all habits, and prints what was said: the habit's name and
nothing else is to be there. `--other-way` lets a charger with all habits speak beside a twin
without that one; `--equal 2` lets equal ones speak side by side in every scene.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from sim_core.twin.play import Make
from tests.lockstep.metal import Beside, all_but, model
from tests.lockstep.scenes import SCENES

SHOWS: Mapping[str, str] = {
    "send_tick": "a visit",
    "pipelining": "a visit",
    "whole_second_clock": "a visit",
    "two_entry_stop_data": "a visit",
    "late_connector_0": "a visit",
    "late_finishing": "a visit",
    "vendor_faults": "the red button",
    "slow_minute": "a slow visit",
    "late_heartbeats": "idle hours",
    "heartbeats_from_last": "another heartbeat",
    "late_clock_samples": "clock samples",
    "status_before_answer": "a reservation",
    "autocharge_mac": "own id",
    "ev_gives_up": "a late card",
    "busy_samples": "two at once",
    "late_power_loss": "a power cut",
    "connectors_after_reconnect": "an outage",
    "backlog_behind_status": "an outage",
    "restart_samples": "a restart",
    "frozen_samples": "a restart",
    "macs_after_restart": "a restart",
    "offline_duplicate": "a visit without a link",
    "remote_start_twice": "starts from afar",
    "repeated_preparing": "starts from afar",
    "hard_reset_speaks": "a hard reset",
    "below_profile": "a limit",
    "erratic_power_offered": "a limit",
    "never_suspended": "a pause",
    "json_c": "files",
    "mute_transfers": "files",
    "forgets_unanswered": "a lost sample",
    "stops_unheard": "a stop that nobody hears",
    "plug_ends_reserved": "a cancelled reservation",
    "truncated_meter_stop": "a meter past 256 kwh",
    "free_running_samples": "some visits",
    "rated_power_offered": "dozens of visits",
    "watts_power_offered": "many visits",
    "early_samples": "many visits",
    "slow_second_gun": "second guns from afar",
}
"""The scene in which each habit shows, whatever the dice. What chance decides shows in how often,
and in scenes that are long enough for it."""
ONLY_THE_OTHER_WAY: Mapping[str, str] = {"asks_for_any_card": "another card"}
"""What no frame tells of a charger without it: one that asks about no other card says what it says
where nobody holds one. So it is the charger that has it, and the twin that has not."""


@dataclass(frozen=True)
class Said:
    """What was said of a charger beside its twin."""

    habit: str
    """The one that it does not have, or the twin; empty: they are equal."""
    scene: str
    seed: int
    now: tuple[str, ...]
    """What is said to differ at the end, each once."""
    ever: tuple[str, ...]
    """What was said on the way, and is no longer."""
    frames: int
    """How many frames differ."""

    @property
    def named(self) -> bool:
        """Whether the habit is named."""
        return any(f" {self.habit}" in sentence for sentence in self.now)

    @property
    def others(self) -> list[str]:
        """What else is said."""
        return [one for one in self.now if not (self.habit and f" {self.habit} " in f"{one} ")]

    @property
    def flawless(self) -> bool:
        """The habit is named, or equal ones do not differ; and nothing else is said."""
        return self.named is bool(self.habit) and not self.others


def spoken(habit: str, scene: str, seed: int, *, other_way: bool = False) -> Said:
    """Let a charger without this habit speak beside its twin; the `other_way` it is the twin that
    lacks it."""
    every, without = Make(model()), Make(model(), quirks=all_but(habit) if habit else "all")
    own, twins = (every, without) if other_way else (without, every)
    script = SCENES[scene]()
    said = script.played(own, seed)
    half = max(1, len(said.exchanges))
    beside = Beside(twins).hears(said, looks_every=half, cuts=script.cuts)
    beside.waits(said, 60).look()
    now = tuple(dict.fromkeys(beside.differences))
    ever = tuple(one for one in dict.fromkeys(beside.ever) if one not in now)
    return Said(habit, scene, seed, now, ever, len(beside.differences))


Asked = tuple[str, str, int, bool]
"""Habit, scene, seed, and whether it is the other way."""


def rows(jobs: int, asked: Sequence[Asked]) -> Iterator[Said]:
    """All of them, in order."""
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_spoken, asked)


def _spoken(asked: Asked) -> Said:
    habit, scene, seed, other_way = asked
    return spoken(habit, scene, seed, other_way=other_way)


def main() -> int:
    """Returns the exit code: 0 when each habit is named and nothing else is."""
    parser = argparse.ArgumentParser(prog="python -m tests.lockstep", description=__doc__)
    parser.add_argument("--habit", default="", help="only habits with this in their name")
    parser.add_argument("--scene", default="", help="only scenes with this in their name")
    parser.add_argument("--seed", type=int, default=101, help="of the charger's dice (101)")
    parser.add_argument("--equal", type=int, default=0, help="so many sessions of equal ones")
    parser.add_argument("--other-way", action="store_true", help="the twin lacks the habit")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    options = parser.parse_args()
    if options.equal:
        asked = [
            ("", scene, options.seed + number, False)
            for scene in SCENES
            for number in range(options.equal)
        ]
    else:
        asked = [(habit, scene, options.seed, options.other_way) for habit, scene in SHOWS.items()]
        asked += [(habit, scene, options.seed, True) for habit, scene in ONLY_THE_OTHER_WAY.items()]
    asked = [one for one in asked if options.habit in one[0] and options.scene in one[1]]
    flawed = 0
    print(f"{'habit':<28}{'scene':<36}{'seed':>5}  {'frames':>6}  named  others")
    for one in rows(options.jobs, asked):
        flawed += not one.flawless
        named = ("yes" if one.named else "NO") if one.habit else "-"
        print(
            f"{one.habit or '(equal)':<28}{one.scene:<36}{one.seed:>5}  {one.frames:>6}  "
            f"{named:<5}  {len(one.others)}",
            flush=True,
        )
        for sentence in one.others:
            print(f"    {sentence}")
        for sentence in one.ever:
            print(f"    for a while: {sentence}")
    return 1 if flawed else 0
