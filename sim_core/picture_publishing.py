"""Who sees the newest picture of a station, and when.

A picture is made when somebody on the station's loop looks and something has changed since, at most
once a turn. For those who look from another thread and cannot ask, one lies ready; only in a flood
of messages it may be older than the last change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sim_core.snapshot import StationSnapshot

BURST, BURST_S = 25, 0.05
"""So many pictures lie ready for another thread in so many seconds, and no more: a screen shows a
few in a second, and on a busy link the others would be made for nobody."""


Look = Callable[[StationSnapshot], None]


class Looks:
    """Those who see every picture of a charger."""

    __slots__ = ("all",)

    def __init__(self) -> None:
        self.all: list[Look] = []

    def watch(self, look: Look) -> Callable[[], None]:
        """Call `look` with every picture from now on, none left out; the result takes it off."""
        self.all.append(look)

        def leave() -> None:
            if look in self.all:
                self.all.remove(look)

        return leave

    def see(self, picture: StationSnapshot) -> None:
        """Show a picture to all of them."""
        for look in tuple(self.all):
            look(picture)


class PicturePublishing:
    """The newest picture, and those who wait for one. Lives on the loop that it is made on."""

    __slots__ = (
        "_burst",
        "_burst_ends",
        "_due",
        "_guarded",
        "_latest",
        "_looks",
        "_loop",
        "_make",
        "_stale",
        "_watchers",
        "seen_afar",
    )

    def __init__(
        self,
        make: Callable[[], StationSnapshot],
        guarded: Callable[[Callable[[], None]], None],
        *,
        seen_afar: bool,
    ) -> None:
        """`make` makes a picture of now; `guarded` runs what the loop calls, and shows its
        faults."""
        self._make = make
        self._guarded = guarded
        self._loop = asyncio.get_running_loop()
        self._latest: StationSnapshot | None = None
        self._stale = True
        self._due = False
        self._burst = 0
        self._burst_ends: asyncio.TimerHandle | None = None
        self._watchers: list[asyncio.Future[None]] = []
        self._looks = Looks()
        self.seen_afar = seen_afar
        """Somebody may look from another thread (else no picture lies ready for them)."""

    @property
    def latest(self) -> StationSnapshot:
        """The newest picture; to another thread the one that lies ready."""
        latest = self._latest
        if latest is None or (self._stale and self._here()):
            self._stale = False
            self._latest = latest = self._make()
        return latest

    def _here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    @property
    def watched(self) -> bool:
        """Whether anybody would see a picture."""
        return self.seen_afar or bool(self._looks.all)

    def changed(self) -> None:
        """The last picture is no longer true."""
        self._stale = True
        if not self.watched:
            self._latest = None  # who asks has one made: a fleet's would take 3 KiB each
            if not self._watchers:
                return
        awaited = self._watchers or self._looks.all or self._burst < BURST
        if awaited and not self._due:
            self._due = True
            self._loop.call_soon(self._guarded, self._publish)

    def let_see(self) -> None:
        """Somebody looks from whatever thread for what has just been done."""
        if self.seen_afar and self._stale:
            self._publish()

    def _publish(self) -> None:
        self._due = False
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)
        if not self.watched:
            return
        picture = self.latest
        self._burst += 1
        if self.seen_afar and self._burst_ends is None:
            self._burst_ends = self._loop.call_later(BURST_S, self._guarded, self._end_burst)
        self._looks.see(picture)

    def _end_burst(self) -> None:
        self._burst_ends, self._burst = None, 0
        if self._stale:
            self._publish()

    async def until(self, holds: Callable[[StationSnapshot], bool]) -> None:
        """Wait until a picture shows it."""
        await self.until_true(lambda: holds(self.latest))

    async def until_true(self, holds: Callable[[], bool]) -> None:
        """Wait until it is true, looking after each change; it needs no picture."""
        while not holds():
            watcher: asyncio.Future[None] = self._loop.create_future()
            self._watchers.append(watcher)
            await watcher

    def watch(self, look: Look) -> Callable[[], None]:
        """See `Looks.watch`."""
        return self._looks.watch(look)

    def close(self) -> None:
        """The last picture stays as it is, where anybody looks."""
        if self.watched:
            self._latest, self._stale = self.latest, False
        if self._burst_ends is not None:
            self._burst_ends.cancel()
