"""The options of `chargeforge fleet`: those of one charge point, and how many, how fast, how long.

What is the same for all is said as for one; what differs by number is a pattern (`ids`). By
default nothing is kept on disk: a fleet is there to make load.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from sim_core.fleet.ids import INDEX_VARIABLE, Shard, has_mark, numbered, shard_of
from sim_core.runtime.clock import Clock, clock_of
from sim_core.settings.options import ConfigError, Settings, option
from sim_core.store.interface import MEMORY

RESTART, END = "restart", "end"
WORTH_A_WORKER = 150
"""Charge points for which another process is worth its memory and its start."""
TIMER_SLACK_MS = 20
"""With 300 messages a second about six go out at a time: their answers wait for each other less
than for the CSMS."""
LONGEST_ID = 48
LONGEST_TAG = 20
"""CiString20 (OCPP 1.6 §7.28)."""


def _marked(ids: str) -> str | None:
    """A pattern of ids with a place for the number."""
    return None if has_mark(ids) else ""


@dataclass(frozen=True)
class FleetSettings(Settings):
    """What can be set of a fleet."""

    state_dir: Path | None = option(
        MEMORY,
        "a folder that can be written to, or :memory: to keep nothing",
        "Where meters, transactions and unsent messages are kept; :memory: keeps nothing",
    )
    fleet_count: int = option(
        100,
        "a whole number from 1 to 100000",
        "How many charge points there are (over all shards)",
        ge=1,
        le=100_000,
        short_flag="count",
    )
    fleet_ids: str = option(
        "FLEET-####",
        "1 to 48 characters with # where the number goes",
        "Ids of the charge points: # stands for a digit of the number",
        min_length=1,
        max_length=LONGEST_ID,
        check=_marked,
        short_flag="ids",
    )
    fleet_tags: str = option(
        "TAG-#####",
        "1 to 20 characters; # where the number of the connector goes",
        "Cards of the drivers: # stands for a digit of the connector's number in the fleet",
        min_length=1,
        max_length=LONGEST_TAG,
        short_flag="tags",
    )
    fleet_shard: str = option(
        "",
        f"INDEX/COUNT with an index from 0, such as 0/4; /4 takes the index from {INDEX_VARIABLE}",
        "Which part of the fleet this process is; empty: all of it",
        short_flag="shard",
    )
    fleet_workers: int = option(
        0,
        "a whole number from 0 to 256 (0: one a core, and only one for a small fleet)",
        "How many processes share the charge points of this one",
        ge=0,
        le=256,
        short_flag="workers",
    )
    fleet_on_worker_death: str = option(
        RESTART,
        "restart or end",
        "What happens when one of them dies: it is started again, or the fleet ends with code 1",
        words=(RESTART, END),
        short_flag="on-worker-death",
    )
    job_completion_index: str | None = option(
        None,
        "a whole number from 0",
        "Index of this pod in an Indexed Job of Kubernetes, which sets it: see FLEET_SHARD",
    )
    fleet_boots_per_sec: float = option(
        20.0,
        "a number from 0.1 to 1000",
        "How many charge points are switched on each second",
        ge=0.1,
        le=1_000,
        short_flag="boots-per-sec",
    )
    fleet_session_sec: float = option(
        300.0,
        "a number of seconds from 0 to 86400 (0: no sessions)",
        "How long a session lasts on average; 0: nobody charges",
        ge=0,
        le=86_400,
        short_flag="session-sec",
    )
    fleet_pause_sec: float = option(
        120.0,
        "a number of seconds from 1 to 86400",
        "How long a connector is free between two sessions, on average",
        ge=1,
        le=86_400,
        short_flag="pause-sec",
    )
    fleet_sessions_per_hour: float = option(
        0.0,
        "a number from 0 to 10000000 (0: each connector has drivers of its own)",
        "How many sessions begin an hour, over all shards, whatever the answers of the CSMS take",
        ge=0,
        le=10_000_000,
        short_flag="sessions-per-hour",
    )
    fleet_ramp_sec: float = option(
        0.0,
        "a number of seconds from 0 to 86400",
        "How long it takes until so many come, beginning with none",
        ge=0,
        le=86_400,
        short_flag="ramp-sec",
    )
    fleet_timer_slack_ms: int = option(
        TIMER_SLACK_MS,
        "a whole number from 0 to 1000 (0: each timer comes by itself)",
        "How late timers of a second and more may come, in order to come together: that takes less "
        "CPU. Samples carry the moment at which they were due",
        ge=0,
        le=1_000,
        short_flag="timer-slack-ms",
    )
    fleet_duration_sec: float = option(
        0.0,
        "a number of seconds from 0 to 31536000 (0: until it is stopped)",
        "How long the fleet runs before it ends by itself, in order",
        ge=0,
        le=31_536_000,
        short_flag="duration-sec",
    )
    fleet_json: Path | None = option(
        None,
        "a file that can be written to",
        "Where the report of the run is written in the end, as JSON: answer times by action, the "
        "steady state, errors with an example of each",
        short_flag="json",
    )
    fleet_markdown: Path | None = option(
        None,
        "a file that can be written to",
        "A table of runs in Markdown, to which this one adds its row in the end",
        short_flag="markdown",
    )
    fleet_report_sec: float = option(
        5.0,
        "a number of seconds from 1 to 3600",
        "How often a line is printed where there is no screen",
        ge=1,
        le=3_600,
        short_flag="report-sec",
    )

    def shard(self) -> Shard:
        """Which part this is. Raises ShardError with a sentence for the user."""
        return shard_of(self.fleet_shard, self.job_completion_index)

    def clock(self) -> Clock:
        """The clock of all its charge points."""
        return clock_of(self.time_scale, self.fleet_timer_slack_ms / 1000)

    def workers(self) -> int:
        """In how many processes the charge points of this shard live. Raises ShardError."""
        count = len(self.shard().numbers(self.fleet_count))
        if self.fleet_workers:
            return max(1, min(self.fleet_workers, count))
        return max(1, min(cores(), count // WORTH_A_WORKER))

    def split(self, workers: int) -> tuple[FleetSettings, ...]:
        """The settings of each worker. Their shards are this one's, and they boot as many charge
        points a second together; what is one for all of them is nothing of theirs."""
        shard = self.shard()
        return tuple(
            replace(
                self,
                fleet_shard=f"{shard.index + index * shard.count}/{shard.count * workers}",
                fleet_workers=1,
                fleet_boots_per_sec=self.fleet_boots_per_sec / workers,
                fleet_duration_sec=0.0,
                http_port=0,
                log_file=None,
            )
            for index in range(workers)
        )

    def check_lengths(self) -> None:
        """Raises ConfigError with a sentence where the last id or card would be too long."""
        last = self.fleet_count
        if len(self.id_of(last)) > LONGEST_ID:
            raise ConfigError(
                f"FLEET_IDS (--ids): {self.id_of(last)!r} is longer than {LONGEST_ID} characters; "
                "choose a shorter pattern."
            )
        if len(tag := self.tag_of(last, self.connectors)) > LONGEST_TAG:
            raise ConfigError(
                f"FLEET_TAGS (--tags): {tag!r} is longer than {LONGEST_TAG} characters; choose a "
                "shorter pattern."
            )

    def id_of(self, number: int) -> str:
        """The id of a charge point."""
        return numbered(self.fleet_ids, number)

    def tag_of(self, number: int, connector_id: int) -> str:
        """The card that is shown at a connector; two never share one, as a CSMS may refuse that."""
        return numbered(self.fleet_tags, (number - 1) * self.connectors + connector_id)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
