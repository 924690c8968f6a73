"""The network profiles of a station: kept, tried in their turn, left behind (B09, B10, A05).

What NetworkConfigurationPriority says counts from a boot on. A profile has
NetworkProfileConnectionAttempts tries, whether after a boot or after a link was lost; then it is
the next one's turn, and after the last one that of the profile that has connected last. It goes
round for ever. Once the CSMS was met by a profile, those with a lower security profile are gone
(A05.FR.06), and none such is taken again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Note
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.network_profile import (
    OWN_SLOT,
    NetworkProfile,
    profile_of,
    read,
    why_not,
)
from sim_core.ocpp201.variables import Component
from sim_core.redaction import public_url
from sim_core.store.interface import Documents
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

NAME = "ocpp201 network profiles"
COMPONENT, PRIORITY = "OCPPCommCtrlr", "NetworkConfigurationPriority"


class NetworkProfiles:
    """See the module."""

    __slots__ = ("_booted_by", "_counting", "_documents", "_good", "_kept", "_least", "_model",
                 "_note", "_own", "_tries", "active")  # fmt: skip

    def __init__(
        self, model: DeviceModel, documents: Documents, note: Note, security_profile: int
    ) -> None:
        """`security_profile` is what the options say; slot 1 has it until a CSMS sets that slot."""
        self._model = model
        self._documents = documents
        self._note = note
        self._own = NetworkProfile("", security_profile)
        kept: Payload = documents.get(NAME) or {}
        self._kept = {int(slot): read(one) for slot, one in kept.get("slots", {}).items()}
        self._least: int = kept.get("security profile", 0)
        self._good: int | None = kept.get("good")
        """The slot by which the CSMS was met last."""
        self._booted_by: int | None = None
        """The slot by which it was met since the last boot."""
        self._tries = 0
        self.active = OWN_SLOT
        """The slot that is in use, or is tried."""
        self.start_anew()
        model.live(Component(COMPONENT), "ActiveNetworkProfile", lambda: str(self.active))
        if self.profile.url:
            self._note("link", f"{self.words} counts before CSMS_URL: a CSMS has set it so")

    @property
    def profile(self) -> NetworkProfile:
        """The one that is in use, or is tried."""
        return self._counting[self.active]

    @property
    def least(self) -> int:
        """The security profile below which nothing is taken any more."""
        return self._least or self._own.security_profile

    @property
    def words(self) -> str:
        """The active one, for people."""
        url = self.profile.url
        return f"network profile {self.active}" + (f" ({public_url(url)})" if url else "")

    # -- which one ---------------------------------------------------

    def start_anew(self) -> None:
        """It boots: what was set meanwhile counts, and the first one has its turn."""
        self._counting = self._there()
        self.active = self._order()[0]
        self._tries = 0
        self._booted_by = None

    def next(self) -> NetworkProfile:
        """The one that the attempt which begins now is to use."""
        if self._tries >= self._model.number(COMPONENT, "NetworkProfileConnectionAttempts"):
            order = self._order()
            place = order.index(self.active) + 1 if self.active in order else 0
            before, self.active = self.words, order[place % len(order)]
            if len(order) > 1:
                times = f"{self._tries} times" if self._tries > 1 else "once"
                self._note("link", f"{before} was tried {times}: it is the turn of {self.words}")
            self._tries = 0
        self._tries += 1
        return self.profile

    def connected(self) -> bool:
        """There is a connection; returns whether it is by another profile than the station has
        booted by (B10.FR.10)."""
        self._tries = 0
        return self._booted_by not in (None, self.active)

    def met(self) -> bool:
        """The CSMS has answered BootNotification; returns whether the security profile has risen
        by that."""
        self._booted_by = self.active
        profile = self.profile.security_profile
        rises = profile > self.least
        if not rises and self._good == self.active:
            return False
        self._good = self.active
        if not rises and not self._kept:  # nobody has ever set one: there is nothing to keep
            return False
        self._least = max(self.least, profile)
        if rises:
            self._note("security", f"security profile {profile} has connected: it stays")
            self._leave_behind()
        self._write()
        return rises

    def _order(self) -> list[int]:
        """Slots as they have their turn."""
        wanted = [int(slot) for slot in self._model.items(COMPONENT, PRIORITY)]
        order = [slot for slot in wanted if slot in self._counting]
        if self._good in self._counting and self._good not in order:
            order.append(self._good)
        return order or [next(iter(self._counting))]

    def _there(self) -> dict[int, NetworkProfile]:
        """Every profile that may be used."""
        all_of_them = {OWN_SLOT: self._own, **self._kept}
        found = {
            slot: one for slot, one in all_of_them.items() if one.security_profile >= self.least
        }
        return found or {OWN_SLOT: self._own}

    def _leave_behind(self) -> None:
        """Profiles with less security are gone, from their slots and from the order (A05.FR.06)."""
        self._kept = {
            slot: one for slot, one in self._kept.items() if one.security_profile >= self._least
        }
        self._counting = self._there()
        wanted = self._model.items(COMPONENT, PRIORITY)
        left = [slot for slot in wanted if int(slot) in self._counting] or [str(self.active)]
        self._model.override(COMPONENT, PRIORITY, ",".join(left))

    def _write(self) -> None:
        self._documents.put(
            NAME,
            {
                "slots": {str(slot): one.kept() for slot, one in self._kept.items()},
                "security profile": self._least,
                "good": self._good,
            },
        )

    # -- what a CSMS asks --------------------------------------------

    @on(Action.set_network_profile)
    def set_network_profile(
        self, configuration_slot: int, connection_data: Payload, **_: Any
    ) -> Reply:
        """B09: what is accepted is kept, and used once NetworkConfigurationPriority names it and
        the station has booted."""
        code, why = why_not(configuration_slot, connection_data, self.least)
        if code:
            self._note("configuration", f"SetNetworkProfile: Rejected, {why}")
            return reply("Rejected", code=code, why=why)
        profile = profile_of(connection_data)
        self._kept[configuration_slot] = profile
        self._write()
        self._note(
            "configuration",
            f"the CSMS has set network profile {configuration_slot} to {public_url(profile.url)}",
        )
        return reply("Accepted")

    def why_not_order(
        self, value: str, why_not_profile: Callable[[int], str | None]
    ) -> tuple[str, str]:
        """What speaks against a value of NetworkConfigurationPriority (B10.FR.06, A05.FR.02, .03):
        a reason code and a sentence; `why_not_profile` says what a security profile lacks."""
        everything = {OWN_SLOT: self._own, **self._kept}
        for item in value.split(","):
            slot = int(item)
            if slot not in everything:
                why = f"network profile {slot} is not set: send SetNetworkProfile first"
                return "InvalidNetworkConf", why
            wanted = everything[slot].security_profile
            if wanted < self.least:
                why = f"network profile {slot} has security profile {wanted}: it may not fall"
                return "NoSecurityDowngrade", f"{why} below {self.least}"
            if wanted > self.least and (lack := why_not_profile(wanted)):
                return "InvalidNetworkConf", f"network profile {slot}: {lack}"
        return "", ""
