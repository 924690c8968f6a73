"""OCPP 2.0.1, as the charger knows its CSMS: `charging.csms.Csms` kept for this protocol.

What happens at the charger is told to whoever has words for it; one row an event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sim_core.charging.connector import Connector
from sim_core.charging.csms import Asked
from sim_core.charging.domain_events import (
    AuthorisationEnded,
    Authorised,
    BayEntered,
    BayLeft,
    ChargingStateChanged,
    DomainEvent,
    Looked,
    Plugged,
    RateChanged,
    Restarting,
    Sampled,
    SecurityNoted,
    TransactionBegan,
    TransactionEnded,
    TransactionWentOn,
    Unplugged,
)
from sim_core.charging.environment import Environment
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.vocabulary import Cause, Verdict
from sim_core.ocpp201.authorization import ask
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.driver_screen import DriverScreen
from sim_core.ocpp201.registration import LOCAL_RESET, POWER_UP, WATCHDOG, Registrar
from sim_core.ocpp201.status_reports import StatusReports
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.ocpp201.transactions import TransactionEvents
from sim_core.security_mail import SecurityMail
from sim_core.snapshot import Registration
from sim_core.why_alone import why_alone
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox

DISABLED = "it may not ask about cards (AuthCtrlr.DisableRemoteAuthorization)"

BOOT_REASONS = {Cause.POWER: POWER_UP, Cause.FAULT: WATCHDOG}
"""Why it boots that nobody has asked for; else somebody at the station has."""


class Adapter:
    """See the module. Who speaks of an event is set once all of them are there."""

    __slots__ = (
        "_environment",
        "_heard_by",
        "_model",
        "_outbox",
        "_policy",
        "_registrar",
        "_tokens",
        "connectors",
        "cut_link",
        "frames_pass",
        "next_boot",
        "rebooted",
        "screen",
        "security",
        "statuses",
        "transactions",
    )

    def __init__(
        self,
        environment: Environment,
        model: DeviceModel,
        policy: Policy,
        outbox: Outbox,
        registrar: Registrar,
        tokens: TokenTypes,
    ) -> None:
        self._environment = environment
        self._model = model
        self._policy = policy
        self._outbox = outbox
        self._registrar = registrar
        self._tokens = tokens
        self._heard_by: dict[type, list[Callable[[Any], None]]] = {}
        self.cut_link: Callable[[float], None] = lambda _: None
        """Closes the socket and dials again after so many seconds; the station sets it."""
        self.frames_pass: Callable[[], bool] = lambda: True
        """Whether the operator lets frames pass; the station sets it."""
        self.connectors: Mapping[int, Connector] = {}
        self.rebooted: Callable[[], None] = lambda: None
        """Called when it goes down to boot, once the device model is that of the boot."""
        self.next_boot = ""
        """Why the next boot comes, where somebody has said it: BootReasonEnumType."""
        self.statuses: StatusReports
        self.transactions: TransactionEvents
        self.security: SecurityMail
        self.screen: DriverScreen

    # -- what the charger asks ---------------------------------------

    @property
    def online(self) -> bool:
        """Registered, and frames pass."""
        return self._outbox.registered and self.frames_pass()

    @property
    def accepts(self) -> bool:
        """BootNotification was Accepted."""
        return self._registrar.registration is Registration.ACCEPTED

    def why_alone(self) -> str:
        """In which way the CSMS cannot be asked."""
        return why_alone(
            connected=self._outbox.connected,
            frames_pass=self.frames_pass(),
            registered=self._outbox.registered,
            registration=self._registrar.registration,
        )

    async def ask(self, token: str, learn: Callable[[str, Verdict], None]) -> Asked:
        """Authorize (C01), where that is not switched off."""
        if self._model.flag("AuthCtrlr", "DisableRemoteAuthorization"):
            return Asked(refusal=f"{token} is not known here, and {DISABLED}")
        wire, show = self._tokens.wire(token), self.screen.about_card
        asked = await ask(self._outbox.call, wire, token, learn, show)
        return replace(asked, verdict=asked.verdict and self.with_life(asked.verdict))

    def with_life(self, verdict: Verdict) -> Verdict:
        """A verdict that is forgotten after AuthCacheCtrlr.LifeTime, where the CSMS does not say
        how long it holds (C10.FR.08: what it says goes before)."""
        life_s = self._model.number("AuthCacheCtrlr", "LifeTime")
        if verdict.expires_at is not None or not life_s:
            return verdict
        return replace(verdict, expires_at=self._environment.now() + timedelta(seconds=life_s))

    async def said_all(self) -> None:
        await self._outbox.drained()

    def card_of(self, connector_id: int) -> str | None:
        """That of the transaction, which may outlive its session (C01.FR.23)."""
        opened = self.transactions.open_on(connector_id)
        return None if opened is None else opened.card

    def boot_because(self, reason: str) -> None:
        """The next boot has this reason: BootReasonEnumType."""
        self.next_boot = reason

    def fall_silent(self) -> None:
        self._outbox.registered = False

    def forget(self) -> None:
        self._registrar.forget()

    def hang_up(self, seconds: float) -> None:
        self.cut_link(seconds)

    # -- what the charger tells --------------------------------------

    def hear(self, event: DomainEvent) -> None:
        """Let whoever has words for an event say them."""
        told = TOLD.get(type(event))
        if told is not None:
            told(self, event)
        for listener in self._heard_by.get(type(event), ()):
            listener(event)

    def also(self, kind: type, listener: Callable[[Any], None]) -> None:
        """Let a functional block hear an event, too."""
        self._heard_by.setdefault(kind, []).append(listener)

    def _looked(self, event: Looked) -> None:
        self.statuses.look(event)
        number = event.facts.connector_id
        connector = self.connectors.get(number)
        running = connector.transaction if connector is not None else None
        if running is not None and running.transaction_id is None:
            running.transaction_id = self.transactions.id_of_session(number, running.key)

    def _unplugged(self, event: Unplugged) -> None:
        running = self.connectors[event.connector_id].transaction is not None
        ends = running and self._policy.flag(Setting.ENDS_ON_UNPLUG)
        self.transactions.unplugged(event, ends_session=ends)

    def _authorisation_ended(self, event: AuthorisationEnded) -> None:
        self.transactions.authorisation_ended(event)

    def _restarting(self, event: Restarting) -> None:
        by_itself = BOOT_REASONS.get(event.cause, LOCAL_RESET)
        self._registrar.reason, self.next_boot = self.next_boot or by_itself, ""
        self._model.rebooted()
        self.rebooted()

    # -- odds and ends -----------------------------------------------

    def say(self, action: str, payload: Payload) -> None:
        """Send something whose answer tells nothing, when its turn comes; offline it is lost."""
        self._say(action, payload, triggered=False)

    def say_triggered(self, action: str, payload: Payload) -> None:
        """The same, where the CSMS has asked for it: it may go while Pending (B02)."""
        self._say(action, payload, triggered=True)

    def _say(self, action: str, payload: Payload, *, triggered: bool) -> None:
        self._outbox.post(action, payload, while_pending=triggered)


TOLD: dict[type, Callable[[Adapter, Any], None]] = {
    Authorised: lambda self, event: self.transactions.authorised(event),
    AuthorisationEnded: Adapter._authorisation_ended,
    BayEntered: lambda self, event: self.transactions.bay_entered(event),
    BayLeft: lambda self, event: self.transactions.bay_left(event),
    ChargingStateChanged: lambda self, event: self.transactions.state_changed(event),
    Looked: Adapter._looked,
    Plugged: lambda self, event: self.transactions.plugged(event),
    RateChanged: lambda self, event: self.transactions.rate_changed(event),
    Restarting: Adapter._restarting,
    Sampled: lambda self, event: self.transactions.sampled(event),
    SecurityNoted: lambda self, event: self.security.tell(),
    TransactionBegan: lambda self, event: self.transactions.began(event),
    TransactionEnded: lambda self, event: self.transactions.ended(event),
    TransactionWentOn: lambda self, event: self.transactions.went_on(event),
    Unplugged: Adapter._unplugged,
}
"""Who speaks of what. Functional blocks that hear more are added with `also`."""
