"""Which OCPP a station speaks: the one that was asked for, or the one that its CSMS chooses.

A charge point speaks one version for as long as it lives. Where the CSMS chooses another, the next
one is made over the same state; what waits is told by it where it can be, and else kept for a CSMS
that speaks the version in which it began.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.charge_points import (
    AUTO,
    DIALECTS,
    MAKERS,
    SPOKEN,
    ChargePoint,
    begins_with,
    config_for,
    prepare,
    word_of,
)
from sim_core.charging.config import ChargePointConfig
from sim_core.events import Event
from sim_core.runtime.clock import Clock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.store.interface import Store
from sim_core.wire.access import Access
from sim_core.wire.dialect import Dialect


class VersionChoice:
    """Makes the charge points of one station."""

    __slots__ = ("_access", "_clock", "_config", "_on_change", "_on_event", "_rng", "_store",
                 "_version")  # fmt: skip

    def __init__(
        self,
        version: str,
        config: ChargePointConfig,
        store: Store,
        clock: Clock,
        rng: RandomNumbers,
        access: Access,
        *,
        on_event: Callable[[Event], None],
        on_change: Callable[[], None],
    ) -> None:
        """`version` is a word of the option `ocpp_version`."""
        self._version = version
        self._config = config
        self._store = store
        self._clock = clock
        self._rng = rng
        self._access = access
        self._on_event = on_event
        self._on_change = on_change

    @property
    def is_open(self) -> bool:
        """The CSMS chooses."""
        return self._version == AUTO

    def first(self) -> ChargePoint:
        """The charge point to begin with."""
        return self._made(begins_with(self._version, self._store))

    def _made(self, speaks: str) -> ChargePoint:
        """A charge point that speaks this version, over the state that there is."""
        prepare(speaks, self._store)
        return MAKERS[speaks](
            config_for(self._config, self._version, speaks),
            clock=self._clock,
            store=self._store,
            rng=self._rng,
            on_event=self._on_event,
            on_change=self._on_change,
            access=self._access,
        )

    async def instead_of(self, before: ChargePoint, dialect: Dialect) -> ChargePoint:
        """A charge point that goes on in another version. Vehicles stay where they are; what runs
        ends, for no CSMS goes on with it in another version. If it was never told, the new one
        tells it whole."""
        ahead = before.environment.ahead
        before.charger.lifecycle.stop_all()
        await before.close()
        before.environment.clock.ended = True
        after = self._made(word_of(dialect))
        after.environment.shift(ahead)
        return after

    def was_chosen(self, dialect: Dialect) -> None:
        """The next start begins with this version."""
        speaks = {"version": word_of(dialect)}
        if self._store.documents.get(SPOKEN) != speaks:
            self._store.documents.put(SPOKEN, speaks)

    def what_waits(self, mine: Dialect) -> str:
        """That messages wait for another version to be spoken, as a sentence; empty where none
        do."""
        aside = self._store.journal.aside
        if not aside:
            return ""
        others = [known.version for known in DIALECTS.values() if known is not mine]
        what = "a message waits" if aside == 1 else f"{aside} messages wait"
        return (
            f"{what} for a CSMS that speaks {' or '.join(others)}, in which the transaction began: "
            "set OCPP_VERSION to auto, or to that version"
        )
