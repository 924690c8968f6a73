"""What the station shows to get in: its password and its security profile (A00, A01, A05)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sim_core.errors import UserError
from sim_core.ocpp201.certificates import Certificates
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.network_profiles import NetworkProfiles
from sim_core.ocpp201.own_certificate import OwnCertificate
from sim_core.wire.access import Access, Way, why_not_profile

PASSWORD = ("SecurityCtrlr", "BasicAuthPassword")
OVER_TLS = 2
"""The first security profile that is over TLS."""
BY_CERTIFICATE = 3
"""The security profile that shows a certificate, and no password (A00.FR.402)."""


class Credentials:
    """What the next dial uses."""

    __slots__ = ("_access", "_by_hand", "_certificates", "_identity", "_model", "_own", "_profiles",
                 "_reconnect")  # fmt: skip

    def __init__(
        self,
        model: DeviceModel,
        access: Access,
        profiles: NetworkProfiles,
        certificates: Certificates,
        own: OwnCertificate,
        identity: str,
        reconnect: Callable[[], None],
    ) -> None:
        """`access` is what the options say; a password that the CSMS has set goes before it."""
        self._model = model
        self._access = access
        self._profiles = profiles
        self._certificates = certificates
        self._own = own
        self._identity = identity
        self._reconnect = reconnect
        self._by_hand = False

    @property
    def profile(self) -> int:
        """The security profile that is in use (SecurityProfile)."""
        return self._access.profile if self._by_hand else self._profiles.profile.security_profile

    def dial_by_hand(self) -> None:
        """Somebody at the station says where it dials from now on: network profiles rest."""
        self._by_hand = True

    def dialling(self, trouble: str) -> Way:
        """What the attempt to connect that begins now is to use.

        Raises UserError where the security profile lacks something: nothing is dialled without
        (A00.FR.004).
        """
        self._certificates.dialling()
        if self._by_hand:
            return Way(self.access())
        used = self._profiles.next()
        if used.security_profile == BY_CERTIFICATE:
            self._own.dialling()
        access = self.access()
        if access.profile in (1, 2) and access.key is None:
            raise UserError(
                f"security profile {access.profile} needs a password: set AUTHORIZATION_KEY."
            )
        if access.key is not None and ":" in self._identity:  # A00.FR.204
            raise UserError("CPID has a colon in it, and a password cannot be sent with it.")
        return Way(access, used.url, used.timeout_s)

    def access(self) -> Access:
        """What there is to get in with, by the profile that is in use."""
        return self._by(self.profile)

    def why_not_order(self, value: str) -> tuple[str, str]:
        """What speaks against a NetworkConfigurationPriority: a reason code and a sentence."""
        return self._profiles.why_not_order(
            value, lambda wanted: why_not_profile(wanted, self._by(wanted), password=PASSWORD[1])
        )

    def password_changed(self) -> None:
        """It was set, and the answer is on the wire: the station comes back with it (A01.FR.02)."""
        self._reconnect()

    def _by(self, profile: int) -> Access:
        password = self._model.text(*PASSWORD)
        key = password.encode() if password else self._access.key
        own = self._own.pair if profile == BY_CERTIFICATE else None
        return replace(
            self._access,
            profile=profile,
            key=None if profile == BY_CERTIFICATE else key,
            tls=replace(
                self._access.tls,
                roots=self._certificates.roots(),
                only_roots=self._certificates.only_one,
                own=own,
            ),
        )
