"""Where a station dials, and with what: as it was configured, as the CSMS has set it, or as an
operator has said in this run.

The charge point knows of network profiles and passwords that a CSMS has set; what is said by hand
goes before all of them, until the process ends.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charge_points import ChargePoint
from sim_core.charging.facts import REBOOTING
from sim_core.snapshot import LinkState
from sim_core.wire.access import Access, Way, dial
from sim_core.wire.access import Dial as Dialled
from sim_core.wire.connecting import charge_point_url
from sim_core.wire.link import Link

TAKEN_DOWN = "the link was taken down: bring it up first"
UP = "the link is up: there is nothing to dial"
AT_IT = "the CSMS is being dialled just now"


class Dialling:
    """The ways to the CSMS of one station."""

    __slots__ = ("_access", "_call_timeout_s", "_identity", "_time_scale", "_url", "by_hand")

    def __init__(
        self, url: str, identity: str, *, call_timeout_s: float, time_scale: float
    ) -> None:
        self._identity = identity
        self._url = charge_point_url(url, identity)
        """What is dialled unless the charge point knows better."""
        self._access: Access | None = None
        """What the operator has given to get in with, in this run; None: what is configured."""
        self.by_hand = False
        """Somebody has said in this run where it dials."""
        self._call_timeout_s = call_timeout_s
        self._time_scale = time_scale

    @property
    def url(self) -> str:
        """What is dialled first, with the identity."""
        return self._url

    def next_way(self, link: Link, charge_point: ChargePoint) -> Dialled:
        """What the attempt that begins now dials, and with what."""
        given = charge_point.security.dialling
        way = Way(self._access) if self._access else given(link.trouble)
        link.url = charge_point_url(way.url, self._identity) if way.url else self._url
        link.call_timeout_s = (
            self._call_timeout_s
            if way.call_timeout_s is None
            else way.call_timeout_s * self._time_scale
        )
        return dial(link.url, self._identity, way.access)

    def go_to(self, url: str, link: Link, charge_point: ChargePoint) -> bool:
        """Dial there from the next attempt on; returns whether it is another CSMS."""
        before = link.url
        self._url = link.url = charge_point_url(url, self._identity)
        self.by_hand = True
        charge_point.security.dial_by_hand()
        return link.url != before

    def get_in_with(
        self, profile: int | None, key: bytes | None, charge_point: ChargePoint
    ) -> None:
        """Another security profile or password counts from the next attempt on; None leaves what
        there is."""
        if profile is None and key is None:
            return
        before = self._access or charge_point.security.access()
        self._access = replace(
            before,
            profile=before.profile if profile is None else profile,
            key=before.key if key is None else key,
        )

    def why_not_now(self, link: Link, charge_point: ChargePoint) -> str:
        """What speaks against dialling at once; empty: nothing does."""
        if not link.wanted:
            return TAKEN_DOWN
        if link.state is LinkState.CONNECTED:
            return UP
        if link.state is LinkState.CONNECTING:
            return AT_IT
        return REBOOTING if charge_point.charger.condition.rebooting else ""
