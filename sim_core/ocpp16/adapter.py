"""OCPP 1.6, as the charger knows its CSMS: `charging.csms.Csms` kept for this protocol.

What happens at the charger is told to whoever has words for it; one row an event. Most causes that
an event carries, 1.6 has no word for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim_core.charging.csms import Asked
from sim_core.charging.domain_events import (
    Authorised,
    DomainEvent,
    Identified,
    Looked,
    LookedAtWhole,
    ProfileInstalled,
    Restarting,
    Sampled,
    SecurityNoted,
    TransactionBegan,
    TransactionCutOff,
    TransactionEnded,
    TransactionWentOn,
    UpdateStepped,
    UploadStepped,
)
from sim_core.charging.environment import Environment
from sim_core.charging.vocabulary import Verdict
from sim_core.ocpp16.authorization import ask
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.firmware_management import FirmwareManagement
from sim_core.ocpp16.registration import Registrar
from sim_core.ocpp16.security_log import SecurityMessages
from sim_core.ocpp16.smart_charging import SmartCharging
from sim_core.ocpp16.status_changes import StatusChanges
from sim_core.ocpp16.transaction_messages import TransactionMessages
from sim_core.snapshot import Registration
from sim_core.why_alone import why_alone
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox


class Adapter:
    """See the module. Who speaks of an event is set once all of them are there."""

    __slots__ = (
        "_configuration",
        "_environment",
        "_outbox",
        "_registrar",
        "_vendor",
        "cut_link",
        "firmware",
        "frames_pass",
        "security",
        "smart_charging",
        "statuses",
        "transactions",
    )

    def __init__(
        self,
        environment: Environment,
        configuration: Configuration,
        outbox: Outbox,
        registrar: Registrar,
        *,
        vendor: str,
    ) -> None:
        self._environment = environment
        self._configuration = configuration
        self._outbox = outbox
        self._registrar = registrar
        self._vendor = vendor
        self.cut_link: Callable[[float], None] = lambda _: None
        """Closes the socket and dials again after so many seconds; the station sets it."""
        self.frames_pass: Callable[[], bool] = lambda: True
        """Whether the operator lets frames pass; the station sets it."""
        self.statuses: StatusChanges
        self.transactions: TransactionMessages
        self.firmware: FirmwareManagement
        self.security: SecurityMessages
        self.smart_charging: SmartCharging

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
        """Authorize (§4.1)."""
        return await ask(self._outbox.call, token, learn)

    async def said_all(self) -> None:
        await self._outbox.drained()

    def card_of(self, connector_id: int) -> str | None:
        """A transaction ends with its session."""
        return None

    def fall_silent(self) -> None:
        self._outbox.registered = False

    def forget(self) -> None:
        self._registrar.forget()

    def hang_up(self, seconds: float) -> None:
        self.cut_link(seconds)

    # -- what the charger tells --------------------------------------

    def hear(self, event: DomainEvent) -> None:
        """Let whoever has words for an event say them."""
        kind = type(event)
        if kind in TOLD:
            TOLD[kind](self, event)

    def _looked(self, event: Looked) -> None:
        self.statuses.look(event)
        self.transactions.look()

    def _authorised(self, event: Authorised) -> None:
        self.statuses.authorised(event)

    def _identified(self, event: Identified) -> None:
        """A make says by DataTransfer which vehicle it has met."""
        payload = {"vendorId": self._vendor, "messageId": "MacID", "data": event.vid}
        self.say("DataTransfer", payload)

    def _upload_stepped(self, event: UploadStepped) -> None:
        self.firmware.upload_stepped(event)
        self.security.upload_stepped(event)

    # -- odds and ends -----------------------------------------------

    def say(self, action: str, payload: Payload) -> None:
        """Send something whose answer tells nothing, when its turn comes; offline it is lost."""
        self._say(action, payload, triggered=False)

    def say_triggered(self, action: str, payload: Payload) -> None:
        """The same, where the CSMS has asked for it: it may go while Pending (§4.2)."""
        self._say(action, payload, triggered=True)

    def _say(self, action: str, payload: Payload, *, triggered: bool) -> None:
        async def send() -> None:
            await self._outbox.call(action, payload, while_pending=triggered)

        self._environment.spawn(send())


TOLD: dict[type, Callable[[Adapter, Any], None]] = {
    Authorised: Adapter._authorised,
    Identified: Adapter._identified,
    Looked: Adapter._looked,
    LookedAtWhole: lambda self, event: self.statuses.look_at_whole(event),
    ProfileInstalled: lambda self, event: self.smart_charging.hear_installed(event),
    Restarting: lambda self, event: self._configuration.rebooted(),
    Sampled: lambda self, event: self.transactions.sampled(event),
    SecurityNoted: lambda self, event: self.security.noted(event),
    TransactionBegan: lambda self, event: self.transactions.began(event),
    TransactionCutOff: lambda self, event: self.transactions.ids_changed(),
    TransactionEnded: lambda self, event: self.transactions.ended(event),
    TransactionWentOn: lambda self, event: self.transactions.ids_changed(),
    UpdateStepped: lambda self, event: self.firmware.update_stepped(event),
    UploadStepped: Adapter._upload_stepped,
}
"""Who speaks of what. The other events have no word in 1.6."""
