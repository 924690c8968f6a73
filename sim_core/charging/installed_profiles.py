"""The charging profiles that are kept: each in one place, and as long as its transaction.

A profile id is one profile's on the whole charger. Which others cannot be beside a new profile is
for the protocol to say (`ProfileRules`); what is long over gives way whatever is spoken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict

from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import ProfileInstalled
from sim_core.charging.environment import Environment
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.profile import (
    RECURRENCIES,
    Installed,
    Kind,
    Period,
    Profile,
    ProfileRules,
    Purpose,
    date_of,
    moment_of,
)
from sim_core.charging.schedule import is_over
from sim_core.snapshot import InstalledProfile
from sim_core.store.interface import Profiles
from sim_core.store.records import StoredProfile

IN_THE_FILE: dict[Purpose, str] = {
    Purpose.STATION: "ChargePointMaxProfile",
    Purpose.DEFAULT: "TxDefaultProfile",
    Purpose.TRANSACTION: "TxProfile",
}
"""A purpose as files of state have it, whatever is spoken: the first ones had OCPP 1.6's words."""
FROM_THE_FILE = {word: purpose for purpose, word in IN_THE_FILE.items()}


class InstalledProfiles:
    """What is installed now. A viewer sees it in `snapshots`."""

    __slots__ = (
        "_by_id",
        "_connectors",
        "_environment",
        "_hear",
        "_policy",
        "_stored",
        "rules",
        "snapshots",
    )

    def __init__(
        self,
        stored: Profiles,
        connectors: Mapping[int, Connector],
        policy: Policy,
        environment: Environment,
        *,
        rules: ProfileRules,
        hear: Callable[[ProfileInstalled], None],
    ) -> None:
        """`hear` is told of each profile that is installed, before its place is taken."""
        self._stored = stored
        self._connectors = connectors
        self._policy = policy
        self._environment = environment
        self._hear = hear
        self.rules = rules
        self._by_id = {row.profile_id: _from_row(row) for row in stored.all()}
        self.snapshots: tuple[InstalledProfile, ...] = ()
        """All of them, by their ids."""
        self._snapshot()

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, profile_id: object) -> bool:
        return profile_id in self._by_id

    # -- what there is -----------------------------------------------

    def profile(self, profile_id: int) -> Profile:
        """The profile with that id. Raises KeyError where there is none."""
        return self._by_id[profile_id].profile

    def of(self, purpose: Purpose, connector_id: int) -> tuple[Profile, ...]:
        """Those of a purpose that are installed on a connector (0: on the whole charger)."""
        return tuple(
            kept.profile
            for kept in self._by_id.values()
            if kept.profile.purpose is purpose and kept.connector_id == connector_id
        )

    def of_transaction(self, transaction_key: int) -> tuple[Profile, ...]:
        """Those that a transaction has for itself."""
        return tuple(
            kept.profile for kept in self._by_id.values() if kept.transaction_key == transaction_key
        )

    def fitting(
        self, connector_id: int | None, purpose: Purpose | None, stack_level: int | None
    ) -> list[int]:
        """The ids of those that fit all that is said; None: whatever it is."""
        return [
            profile_id
            for profile_id, kept in self._by_id.items()
            if connector_id in (None, kept.connector_id)
            and purpose in (None, kept.profile.purpose)
            and stack_level in (None, kept.profile.stack_level)
        ]

    # -- what is to be there -----------------------------------------

    def why_no_room(self, new: Installed) -> str | None:
        """The sentence that refuses one more, or None. What came with a card that waits for its
        transaction has its room already."""
        most = self._policy.number(Setting.MOST_PROFILES)
        coming = sum(
            connector.authorization is not None and connector.authorization.profile is not None
            for connector in self._connectors.values()
        )
        if len(self._by_id) - len(self._replaced(new)) + coming < most:
            return None
        return (
            f"{most} charging profiles are installed already "
            f"({self._policy.name(Setting.MOST_PROFILES)}): clear one first"
        )

    def install(self, new: Installed) -> None:
        """Keep a profile, in place of those that cannot be beside it."""
        profile, replaced = new.profile, self._replaced(new)
        self._hear(ProfileInstalled(new, instead_of=self._by_id.get(profile.profile_id)))
        self._stored.install(_to_row(new), instead_of=replaced)
        for profile_id in replaced:
            del self._by_id[profile_id]
        self._by_id[profile.profile_id] = new
        self._snapshot()

    def remove(self, profile_ids: Iterable[int]) -> None:
        """Keep these no longer."""
        profile_ids = list(profile_ids)
        self._stored.remove(profile_ids)
        self._forget(profile_ids)

    def end(self, transaction_key: int) -> None:
        """A transaction has ended, and what it had for itself with it; the store has forgotten
        that already."""
        self._forget(
            [
                profile_id
                for profile_id, kept in self._by_id.items()
                if kept.transaction_key == transaction_key
            ]
        )

    def _replaced(self, new: Installed) -> list[int]:
        at = moment_of(self._environment.now())
        return [
            profile_id
            for profile_id, kept in self._by_id.items()
            if profile_id == new.profile.profile_id
            or self.rules.gives_way(kept, new)
            or is_over(kept.profile, at)
        ]

    def _forget(self, profile_ids: Iterable[int]) -> None:
        for profile_id in profile_ids:
            del self._by_id[profile_id]
        self._snapshot()

    def _snapshot(self) -> None:
        self.snapshots = tuple(
            _picture_of(kept, self.rules) for _, kept in sorted(self._by_id.items())
        )


def _picture_of(kept: Installed, rules: ProfileRules) -> InstalledProfile:
    profile = kept.profile
    return InstalledProfile(
        connector_id=kept.connector_id,
        profile_id=profile.profile_id,
        purpose=rules.words[profile.purpose],
        kind=profile.kind.value,
        stack_level=profile.stack_level,
        unit=profile.unit,
        periods=tuple((period.start_s, period.limit) for period in profile.periods),
        transaction_id=profile.transaction_id,
        recurrency=profile.recurrency and profile.recurrency.word,
        valid_from=date_of(profile.valid_from),
        valid_to=date_of(profile.valid_to),
        start_schedule=date_of(profile.starts_at),
        duration_s=profile.duration_s,
    )


def _to_row(kept: Installed) -> StoredProfile:
    profile = kept.profile
    content = {
        **asdict(profile),
        "purpose": IN_THE_FILE[profile.purpose],
        "kind": profile.kind.value,
        "recurrency": profile.recurrency and profile.recurrency.word,
    }
    return StoredProfile(profile.profile_id, kept.connector_id, kept.transaction_key, content)


def _from_row(row: StoredProfile) -> Installed:
    content = row.profile
    recurrency = content.get("recurrency")
    profile = Profile(
        **{
            **content,
            "purpose": FROM_THE_FILE[content["purpose"]],
            "kind": Kind(content["kind"]),
            "periods": tuple(Period(**period) for period in content["periods"]),
            "recurrency": recurrency and RECURRENCIES[recurrency],
        }
    )
    return Installed(row.connector_id, profile, row.transaction_key)
