"""The security keys (security whitepaper, §4): AuthorizationKey and SecurityProfile.

The key is written and never read back; the profile may rise and never falls. Both have their
effect by a new connection, after the answer is on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sim_core.authorization_key import key_bytes
from sim_core.ocpp16.configuration import Configuration
from sim_core.wire.access import Access

AUTHORIZATION_KEY = "AuthorizationKey"
SECURITY_PROFILE = "SecurityProfile"


class Security:
    """What the charge point shows to get in, as it is now."""

    def __init__(
        self, configuration: Configuration, access: Access, reconnect: Callable[[], None]
    ) -> None:
        """`access` is what the options say; the configuration keys go before it."""
        self._configuration = configuration
        self._access = access
        self._reconnect = reconnect

    def access(self) -> Access:
        """What the next dial is to use."""
        key = key_bytes(self._configuration.text(AUTHORIZATION_KEY))
        return replace(
            self._access, profile=self._profile, key=key if key is not None else self._access.key
        )

    def why_not(self, name: str, value: str) -> str | None:
        """What speaks against a change that is well-formed, or None."""
        if name.casefold() != SECURITY_PROFILE.casefold() or not value.strip().isdigit():
            return None
        wanted, access = int(value), self.access()
        if wanted < self._profile:
            return "the security profile may not fall"
        if wanted in (1, 2) and access.key is None:
            return "this profile needs an AuthorizationKey"
        if wanted >= 2 and not access.tls.verify:
            return "this profile needs the CSMS's certificate to be checked"
        if wanted == 3 and access.tls.client_cert is None:
            return "this profile needs a client certificate"
        return None

    def changed(self, name: str) -> None:
        """A key was accepted and the answer is on the wire."""
        if name.casefold() in (AUTHORIZATION_KEY.casefold(), SECURITY_PROFILE.casefold()):
            self._reconnect()

    @property
    def _profile(self) -> int:
        return max(self._access.profile, self._configuration.number(SECURITY_PROFILE))
