"""The security keys (security whitepaper, §4): AuthorizationKey and SecurityProfile.

The key is written and never read back; the profile may rise and never falls. Both have their
effect by a new connection, after the answer is on the wire.

A profile that has risen is on trial until the CSMS has been met with it: where a few attempts in a
row come to nothing, the old profile counts again, and the key says so (A05.FR.08). That it is on
trial is on disk together with the key, so a charge point that restarts in between still finds its
way back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ocpp.v16.enums import ConfigurationStatus

from sim_core.charging.environment import Note
from sim_core.ocpp16.configuration import Configuration
from sim_core.settings.authorization_key import key_bytes
from sim_core.snapshot import ChangedBy
from sim_core.store.interface import Store
from sim_core.wire.access import Access, Way, why_not_profile

AUTHORIZATION_KEY = "AuthorizationKey"
SECURITY_PROFILE = "SecurityProfile"
TRIAL = "security profile on trial"
"""A name in the store: the profile that counts again if the new one does not connect."""
ATTEMPTS = 3
"""So often in a row the new profile is tried: a CSMS may be restarting just then."""


class Security:
    """What the charge point shows to get in, as it is now."""

    __slots__ = (
        "_access",
        "_attempts",
        "_configuration",
        "_fallback",
        "_note",
        "_reconnect",
        "_store",
    )

    def __init__(
        self,
        configuration: Configuration,
        access: Access,
        store: Store,
        *,
        reconnect: Callable[[], None],
        note: Note,
    ) -> None:
        """`access` is what the options say; the configuration keys go before it, but for a profile
        that is lower: an operator may raise it too."""
        self._configuration = configuration
        self._access = access
        self._store = store
        self._reconnect = reconnect
        self._note = note
        self._attempts = 0
        """How often a profile on trial was tried since the charge point runs."""
        if access.profile > self.profile:
            configuration.assume(SECURITY_PROFILE, str(access.profile))
        kept = store.documents.get(TRIAL)
        before = max(kept["from"], access.profile) if kept else self.profile
        self._fallback: int | None = before if before < self.profile else None
        """The profile that counts again if the one on trial does not connect; None: no trial."""

    @property
    def profile(self) -> int:
        """The security profile that the next dial has."""
        return self._configuration.number(SECURITY_PROFILE)

    def notifies(self) -> bool:
        """Whether the CSMS is told of security events: under a security profile."""
        return self.profile >= 1

    def access(self) -> Access:
        """What there is to get in with."""
        key = key_bytes(self._configuration.text(AUTHORIZATION_KEY))
        return replace(
            self._access, profile=self.profile, key=key if key is not None else self._access.key
        )

    def dial_by_hand(self) -> None:
        """Somebody at the charge point says where it dials: that goes before anyway."""

    def dialling(self, trouble: str) -> Way:
        """What the attempt to connect that begins now is to use; `trouble` is why the last one
        failed, as a sentence without full stop."""
        if self._fallback is not None:
            if self._attempts >= ATTEMPTS:
                self._fall_back(self._fallback, trouble)
            self._attempts += 1
        return Way(self.access())

    def connected(self) -> None:
        """The CSMS was met: a profile on trial stays."""
        if self._fallback is not None and self._attempts:
            self._end_trial()
            self._note("security", f"security profile {self.profile} has connected: it stays")

    def why_not(self, name: str, value: str) -> str | None:
        """What speaks against a change that is well-formed, or None."""
        if name.casefold() != SECURITY_PROFILE.casefold():
            return None
        normal = self._configuration.normal(name, value)
        if normal is None:
            return None
        wanted = int(normal)
        if wanted == self.profile:
            return f"the security profile is {wanted} already"
        if wanted < self.profile:
            return f"the security profile is {self.profile} and may not fall"
        return why_not_profile(wanted, self.access(), password=AUTHORIZATION_KEY)

    def change(self, name: str, value: str, by: ChangedBy = ChangedBy.CSMS) -> ConfigurationStatus:
        """Set a key that nothing speaks against; a profile is on trial by the same write."""
        if name.casefold() != SECURITY_PROFILE.casefold():
            return self._configuration.change(name, value, by)
        before = self.profile
        with self._store.together():
            status = self._configuration.change(name, value, by)
            if self.profile > before:
                self._store.documents.put(TRIAL, {"from": before})
        if self.profile > before:
            self._fallback, self._attempts = before, 0
        return status

    def changed(self, name: str) -> None:
        """A key was accepted and the answer is on the wire."""
        if name.casefold() in (AUTHORIZATION_KEY.casefold(), SECURITY_PROFILE.casefold()):
            self._reconnect()

    def _fall_back(self, before: int, trouble: str) -> None:
        tried = self.profile
        with self._store.together():
            self._configuration.override(SECURITY_PROFILE, str(before), ChangedBy.CHARGER)
            self._end_trial()
        why = trouble or "the CSMS was not met"
        self._note(
            "security",
            f"security profile {tried} does not connect, so profile {before} counts again, and the "
            f"key SecurityProfile says so: {why}",
        )

    def _end_trial(self) -> None:
        self._store.documents.put(TRIAL, None)
        self._fallback = None
