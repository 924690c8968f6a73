"""The local list: the cards that the CSMS has told us about (OCPP 1.6 §3.5.2).

Only the CSMS changes it, and either as a whole or not at all. Who may charge is decided in
`authorization`, which asks here before it asks the cache; where the CSMS then says otherwise than
its own list, that is a contradiction, until the list is sent anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sim_core.charging.environment import Note
from sim_core.charging.policy import Feature, Policy, Setting
from sim_core.charging.vocabulary import ACCEPTED, CONCURRENT
from sim_core.store.interface import Store
from sim_core.store.records import KnownToken

VALID = frozenset({ACCEPTED, CONCURRENT})
"""What marks a card as valid (§3.5.2): one that charges elsewhere just now is still a good one."""


@dataclass(frozen=True)
class Changes:
    """What the CSMS wants of the list: cards as they are to be from now on, and cards that go."""

    entries: tuple[KnownToken, ...] = ()
    gone: tuple[str, ...] = ()


class TokenList:
    """The list, and whether the CSMS contradicts it.

    `changed` is called when what is said of the charger as a whole has changed.
    """

    __slots__ = ("_changed", "_note", "_policy", "_store", "contradiction")

    def __init__(
        self, policy: Policy, store: Store, note: Note, changed: Callable[[], None]
    ) -> None:
        self._policy = policy
        self._store = store
        self._note = note
        self._changed = changed
        self.contradiction = ""
        """The card of which the CSMS has said otherwise than the list; empty if there is none."""

    @property
    def enabled(self) -> bool:
        """Whether the list counts: this make has one, and it is switched on."""
        return self._policy.has(Feature.LOCAL_LIST) and self._policy.flag(Setting.LIST_COUNTS)

    @property
    def version(self) -> int:
        """Which of its lists the CSMS has sent last; 0: none."""
        return self._store.local_list.version()

    @property
    def length(self) -> int:
        """How many cards are on it."""
        return self._store.local_list.length()

    def entry(self, token: str) -> KnownToken | None:
        """What the list says of a card, as it was sent; None where the list does not count."""
        return self._store.local_list.find(token) if self.enabled else None

    def change(self, version: int, changes: Changes, *, full: bool) -> bool:
        """Put these changes into the list, or with `full` in its place, in one commit.

        False: they are too many, and nothing has changed.
        """
        number = self._policy.number
        if len(changes.entries) + len(changes.gone) > number(Setting.MOST_LISTED_AT_ONCE):
            return False
        most = number(Setting.MOST_LISTED)
        return self._store.local_list.change(
            version, changes.entries, changes.gone, full=full, most=most
        )

    def compare(self, token: str, status: str, now: datetime) -> None:
        """The CSMS has said this of a card: is it what the list says? (§3.5.2)"""
        entry = self.entry(token)
        if entry is None:
            return
        valid = entry.status in VALID and not entry.expired(now)
        if valid == (status in VALID):
            if entry.token == self.contradiction:
                self._settle("")
        elif entry.token != self.contradiction:
            self._note(
                "authorization",
                f"the local list has {token} as {entry.status if valid else 'not valid'}, "
                f"the CSMS says {status}: it should send the list anew",
            )
            self._settle(entry.token)

    def reconciled(self) -> None:
        """The CSMS has sent its list anew: there is nothing to hold against it."""
        if self.contradiction:
            self._settle("")

    def switched(self) -> None:
        """The list counts from now on, or does not: what is not used contradicts nobody."""
        if not self.enabled:
            self.reconciled()

    def _settle(self, contradiction: str) -> None:
        self.contradiction = contradiction
        self._changed()
