"""The station's own certificate, signed by its CSMS: SignCertificate and CertificateSigned (A02).

Each request has a key pair of its own, whose private half stays here. What comes back signed is
tried with the next connections: the CSMS that lets it in ends the old one; where it is let in
nowhere it is thrown away, which is a security event, and the old one counts again.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Environment
from sim_core.files import signatures
from sim_core.files.key_pairs import new_key, signing_request, why_not_of_key
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.runtime.asyncio_helpers import LightEvent
from sim_core.runtime.clock import Timer
from sim_core.store.interface import Documents
from sim_core.wire.answers import Answer, Payload, Result
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

NAME = "ocpp201 own certificate"
KIND = "ChargingStationCertificate"
COMPONENT = "SecurityCtrlr"
RENEW_BEFORE = timedelta(days=30)
"""So long before its end a certificate is renewed (A03.FR.02: a month)."""
LOOK_AGAIN_S = 86_400.0
TRIES = 3
"""So often in a row a new certificate is tried: a CSMS may be restarting just then."""
INVALID, DISCARDED = "InvalidChargePointCertificate", "DiscardedRenewedClientCertificate"
"""Security events, as the store names them."""

Call = Callable[[str, Payload], Coroutine[Any, Any, Answer]]
Pair = tuple[str, str]
"""A chain of certificates and the private key of its leaf, in PEM form."""


class OwnCertificate:
    """See the module."""

    __slots__ = ("_call", "_common_name", "_documents", "_environment", "_kept", "_model", "_note",
                 "_pending_key", "_reconnect", "_signed", "_timer", "_tries")  # fmt: skip

    def __init__(
        self,
        environment: Environment,
        documents: Documents,
        model: DeviceModel,
        *,
        call: Call,
        common_name: Callable[[], str],
        note: Callable[[str, str], None],
        reconnect: Callable[[], None],
    ) -> None:
        """`call` asks the CSMS; `common_name` is whose certificate it is (A00.FR.511); `note`
        writes down a security event; `reconnect` comes back with what there is then."""
        self._environment = environment
        self._documents = documents
        self._model = model
        self._call = call
        self._common_name = common_name
        self._note = note
        self._reconnect = reconnect
        self._kept: dict[str, list[str]] = documents.get(NAME) or {}
        """"used" and "new", each a `Pair`."""
        self._pending_key = ""
        self._signed = LightEvent()
        self._tries = 0
        self._timer: Timer | None = None

    # -- how it gets in ----------------------------------------------

    def dialling(self) -> Pair | None:
        """What the attempt that begins now is to show; None: there is none of the CSMS's."""
        if "new" in self._kept:
            if self._tries >= TRIES:
                self._discard()
            self._tries += 1
        return self.pair

    @property
    def pair(self) -> Pair | None:
        """What counts now."""
        pair = self._kept.get("new") or self._kept.get("used")
        return None if pair is None else (pair[0], pair[1])

    def connected(self) -> None:
        """The CSMS has let the station in with what there is: the other one is gone (A02.FR.28)."""
        if "new" in self._kept and self._tries:
            self._keep({"used": self._kept["new"]})
            self._environment.note("security", "the new certificate has connected: it stays")

    def _discard(self) -> None:
        kept = {name: pair for name, pair in self._kept.items() if name != "new"}
        self._keep(kept)
        why = f"it was tried {TRIES} times"
        self._note(DISCARDED, why)
        self._environment.note("security", f"the new certificate does not connect: {why}")

    def _keep(self, kept: dict[str, list[str]]) -> None:
        self._kept, self._tries = kept, 0
        self._documents.put(NAME, kept or None)

    # -- how it comes about ------------------------------------------

    def look(self) -> None:
        """Where what counts ends soon, ask for the next one, unasked (A03.FR.02); and look again
        tomorrow."""
        self.close()
        self._timer = self._environment.clock.call_later(LOOK_AGAIN_S, self.look)
        pair = self.pair
        if pair is None or "new" in self._kept or self._pending_key:
            return
        if signatures.ends_at(pair[0]) - self._environment.now() < RENEW_BEFORE:
            self._environment.note("security", "the station's certificate ends within a month")
            self.ask()

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def ask(self) -> None:
        """The CSMS wants a new request (A02.FR.02)."""
        self._environment.spawn(self._ask())

    async def _ask(self) -> None:
        """Ask until it is signed: again after CertSigningWaitMinimum, then after twice as long,
        CertSigningRepeatTimes in all (A02.FR.17 to .19). A no ends it."""
        wait_s = float(self._model.number(COMPONENT, "CertSigningWaitMinimum"))
        for _ in range(1 + self._model.number(COMPONENT, "CertSigningRepeatTimes")):
            self._signed.clear()
            self._pending_key = new_key()
            organization = self._model.text(COMPONENT, "OrganizationName")
            csr = signing_request(self._pending_key, self._common_name(), organization)
            answer = await self._call("SignCertificate", {"csr": csr, "certificateType": KIND})
            if isinstance(answer, Result) and answer.payload.get("status") != "Accepted":
                self._pending_key = ""
                self._environment.note("security", "the CSMS does not sign a certificate")
                return
            if await self._signed.within(wait_s, self._environment.clock.call_later):
                return
            wait_s *= 2

    @on(Action.certificate_signed)
    def certificate_signed(
        self, certificate_chain: str, certificate_type: str = KIND, **_: Any
    ) -> Reply:
        """A02: what is signed counts from the next connection on."""
        if certificate_type != KIND:
            why = f"a {certificate_type} has no use here: there is no ISO 15118"
            return reply("Rejected", code="UnsupportedParam", why=why)
        why = self._why_not(certificate_chain)
        if why:
            self._note(INVALID, why)
            self._environment.note("security", f"CertificateSigned: Rejected, {why}")
            return reply("Rejected", code="InvalidCertificate", why=why)
        pair = [certificate_chain, self._pending_key]
        used = {name: one for name, one in self._kept.items() if name == "used"}
        self._keep({**used, "new": pair})
        self._pending_key = ""
        self._signed.set()
        self._environment.note("security", "the CSMS has signed a certificate for this station")
        return reply("Accepted", then=self._reconnect)

    def _why_not(self, chain: str) -> str:
        most = self._model.number(COMPONENT, "MaxCertificateChainSize")
        if len(chain) > most:
            return f"the chain has more than {most} characters (MaxCertificateChainSize)"
        if not self._pending_key:
            return "nothing waits to be signed"
        return why_not_of_key(chain, self._pending_key, self._environment.now())
