"""Others than the CSMS who limit the power: what they may say, and what comes of it.

A limit is obeyed at once, then told (if the protocol has words for it), then what flows otherwise
since is told (OCPP 2.0.1 K11, K12, K13).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sim_core.charging.domain_events import LimitedByOthers
from sim_core.charging.environment import Environment
from sim_core.charging.external_limits import ExternalLimits
from sim_core.charging.limits import Limits
from sim_core.charging.policy import Policy, Setting
from sim_core.commands import (
    LARGEST_LIMIT_W,
    Accepted,
    ClearExternalLimit,
    Outcome,
    Refused,
    SetExternalLimit,
)
from sim_core.snapshot import LIMITERS, ExternalLimit

NOBODY = "nobody but the CSMS limits the power: there is nothing to lift"


class Outsiders:
    """Carries out what they ask."""

    __slots__ = ("_connectors", "_environment", "_external", "_hear", "_limits", "_policy")

    def __init__(
        self,
        external: ExternalLimits,
        limits: Limits,
        connectors: Collection[int],
        policy: Policy,
        environment: Environment,
        *,
        hear: Callable[[LimitedByOthers], None],
    ) -> None:
        self._external = external
        self._limits = limits
        self._connectors = connectors
        self._policy = policy
        self._environment = environment
        self._hear = hear

    def refusals(self) -> dict[str, str]:
        """What would be refused now, whatever is said with it: the name of an action, and why."""
        refused = {}
        if not self._policy.flag(Setting.OBEYS_OTHERS):
            name = self._policy.name(Setting.OBEYS_OTHERS)
            refused["external_limit"] = (
                f"the charge point ignores others than the CSMS: set {name} to true first"
            )
        if not self._external.all:
            refused["clear_external_limit"] = NOBODY
        return refused

    def limit(self, command: SetExternalLimit) -> Outcome:
        """Somebody limits the power."""
        if why := self.refusals().get("external_limit") or self._flaw(command):
            return Refused(why)
        new = ExternalLimit(
            command.source,
            command.limit_w,
            command.connector,
            command.grid_critical,
            self._environment.now(),
        )
        place = (new.source, new.connector_id)
        others = [one for one in self._external.all if (one.source, one.connector_id) != place]
        self._let_stand([*others, new])
        self._note(new, f"allows {new.limit_w / 1000:g} kW")
        return Accepted()

    def lift(self, command: ClearExternalLimit) -> Outcome:
        """Somebody limits it no longer."""
        lifted = [
            one
            for one in self._external.all
            if command.source in (None, one.source)
            and command.connector in (None, one.connector_id)
        ]
        if not lifted:
            standing = ", ".join(self._words(one) for one in self._external.all)
            return Refused(f"no such limit stands; there is: {standing}" if standing else NOBODY)
        self._let_stand([one for one in self._external.all if one not in lifted])
        for one in lifted:
            self._note(one, "limits the power no longer")
        return Accepted()

    def heed(self) -> None:
        """Whether they count may have been set: where they do not, what they allow is forgotten."""
        if self._external.all and not self._policy.flag(Setting.OBEYS_OTHERS):
            name = self._policy.name(Setting.OBEYS_OTHERS)
            self._let_stand([])
            self._environment.note("limit", f"others than the CSMS are ignored now ({name})")

    def _let_stand(self, limits: list[ExternalLimit]) -> None:
        self._limits.allow_others(limits)
        self._hear(LimitedByOthers(self._external.all))
        self._limits.tell()

    def _note(self, limit: ExternalLimit, does: str) -> None:
        where = f" for {self._environment.place(limit.connector_id)}" if limit.connector_id else ""
        critical = " (critical for the grid)" if limit.grid_critical else ""
        number = limit.connector_id or None
        self._environment.note("limit", f"{limit.whose} {does}{where}{critical}", number)

    def _words(self, limit: ExternalLimit) -> str:
        where = self._environment.place(limit.connector_id) if limit.connector_id else "all"
        return f"{limit.source} for {where}"

    def _flaw(self, command: SetExternalLimit) -> str:
        """What is wrong with a limit, as a sentence; empty: nothing."""
        if command.source not in LIMITERS:
            words = ", ".join(f"{source} ({whose})" for source, whose in LIMITERS.items())
            return f"{command.source[:50]!r} limits nothing here; there are: {words}"
        if command.connector not in (0, *self._connectors):
            place = self._environment.place(command.connector)
            return f"there is no {place}: 0 is all together"
        if not 0 <= command.limit_w <= LARGEST_LIMIT_W:
            return f"a limit is from 0 to {LARGEST_LIMIT_W} W"
        return ""
