"""A network profile: where a station dials and how it is protected there (B09), and what is wrong
with one that a CSMS sends."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim_core.settings.csms_url import trouble
from sim_core.wire.answers import Payload

SLOTS = range(1, 6)
"""The places for profiles (B09.FR.05 wants two at least)."""
OWN_SLOT = 1
"""Where that stands which the options say, until a CSMS puts something else there."""
PROFILES = range(1, 4)
LONGEST_TIMEOUT_S = 3600


@dataclass(frozen=True)
class NetworkProfile:
    """What one slot holds."""

    url: str = field(repr=False)
    """The CSMS's, without the identity; it may have a password in it. Empty: that of the options.
    """
    security_profile: int
    timeout_s: int | None = None
    """How long an answer is awaited on it; None: as long as the option says."""

    def kept(self) -> Payload:
        """As it is stored."""
        return {
            "url": self.url,
            "securityProfile": self.security_profile,
            "timeout": self.timeout_s,
        }


def read(kept: Payload) -> NetworkProfile:
    """One that was stored."""
    return NetworkProfile(kept["url"], kept["securityProfile"], kept["timeout"])


def profile_of(data: Payload) -> NetworkProfile:
    """What a NetworkConnectionProfileType says that nothing speaks against."""
    return NetworkProfile(data["ocppCsmsUrl"], data["securityProfile"], data["messageTimeout"])


def why_not(slot: int, data: Payload, least: int) -> tuple[str, str]:
    """What speaks against a NetworkConnectionProfileType in this slot: a reason code and a sentence
    without full stop, both empty where nothing does. `least` is the security profile that the
    station has by now."""
    if slot not in SLOTS:
        return "InvalidConfSlot", f"the slots are {SLOTS[0]} to {SLOTS[-1]}"
    profile = data["securityProfile"]
    if profile < least:
        return "NoSecurityDowngrade", f"the security profile is {least} and may not fall"
    flaw = _flaw(data, profile, least)
    return ("InvalidNetworkConf", flaw) if flaw else ("", "")


def _flaw(data: Payload, profile: int, least: int) -> str:
    url: str = data["ocppCsmsUrl"]
    if data["ocppVersion"] != "OCPP20":
        return "ocppVersion is OCPP20: a network profile is for OCPP 2.0.1 here"
    if data["ocppTransport"] != "JSON":
        return "ocppTransport is JSON: nothing else is spoken here"
    if profile not in PROFILES and profile != least:  # a test station may run without any
        return f"securityProfile is {PROFILES[0]} to {PROFILES[-1]}"
    if why := trouble(url):
        return f"ocppCsmsUrl cannot be dialled: {why}"
    if profile >= 2 and not url.lower().startswith("wss://"):
        return f"security profile {profile} is over TLS: ocppCsmsUrl begins with wss://"
    if not 1 <= data["messageTimeout"] <= LONGEST_TIMEOUT_S:
        return f"messageTimeout is 1 to {LONGEST_TIMEOUT_S} s"
    if "apn" in data or "vpn" in data:
        return "there is neither a modem nor a VPN here: leave apn and vpn out"
    return ""
