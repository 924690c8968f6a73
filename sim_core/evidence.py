"""What there is to hand in of a time: messages, events, keys, and the state as it is.

GetDiagnostics and GetLog hand in the same archive.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import metadata
from typing import Any

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.charging.facts import Facts
from sim_core.events import Event
from sim_core.files.archive import Evidence
from sim_core.hardware.model import Identity
from sim_core.snapshot import JOURNAL_SHOWN, Registration
from sim_core.store.interface import Journal
from sim_core.wire.message_log import Exchange

PACKAGES = ("chargeforge", "ocpp", "websockets")


class Witness:
    """Who can say what has happened, and what is."""

    __slots__ = (
        "_charge_point_id",
        "_condition",
        "_configuration",
        "_connectors",
        "_environment",
        "_identity",
        "_journal",
        "_registration",
        "_row_name",
        "_status",
        "exchanges",
        "history",
    )

    def __init__(
        self,
        charge_point_id: str,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        journal: Journal,
        *,
        identity: Callable[[], Identity],
        registration: Callable[[], Registration],
        configuration: Callable[[], Sequence[dict[str, Any]]],
        status: Callable[[Facts], str],
        row_name: Callable[[str], str],
    ) -> None:
        """`configuration` is what a CSMS may set, without a secret; `status` and `row_name` are the
        protocol's words for a connector and for a kind of row."""
        self._charge_point_id = charge_point_id
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._configuration = configuration
        self._journal = journal
        self._identity = identity
        self._registration = registration
        self._status = status
        self._row_name = row_name
        self.exchanges: Callable[[], list[Exchange]] = list
        """What has gone over the wire, as far as it is remembered; the station sets it."""
        self.history: Callable[[], list[Event]] = list
        """What has happened, as far as it is remembered; the station sets it."""

    @property
    def charge_point_id(self) -> str:
        return self._charge_point_id

    def evidence(self, since: datetime | None, until: datetime | None) -> Evidence:
        """What there is to hand in of the time from `since` to `until`."""

        def within(at: datetime | None) -> bool:
            return at is not None and not (since and at < since) and not (until and at > until)

        own_time = self._environment.own_time
        exchanges = ((own_time(exchange.requested_at), exchange) for exchange in self.exchanges())
        return Evidence(
            charge_point_id=self._charge_point_id,
            made_at=self._environment.now(),
            since=since,
            until=until,
            exchanges=tuple((at, exchange) for at, exchange in exchanges if at and within(at)),
            events=tuple(event for event in self.history() if within(event.at)),
            configuration=tuple(self._configuration()),
            state=self._state(),
            versions=versions(),
        )

    def _state(self) -> dict[str, Any]:
        """Connectors and journal as they are."""
        identity, ahead = self._identity(), self._environment.ahead
        return {
            "vendor": identity.vendor,
            "model": identity.model,
            "serialNumber": identity.serial_number,
            "firmwareVersion": identity.firmware_version,
            "registration": self._registration().value,
            "connectors": [self._connector(one) for one in self._connectors.values()],
            "journal": {
                "waiting": self._journal.depth,
                "first": [
                    {
                        "number": row.number,
                        "action": self._row_name(row.kind),
                        "connectorId": row.connector_id,
                        "transactionId": row.transaction_id,
                        "writtenAt": (row.written_at + ahead).isoformat(),
                        "attempts": row.attempts,
                    }
                    for row in self._journal.first(JOURNAL_SHOWN)
                ],
                "givenUp": [
                    {
                        "action": self._row_name(gone.kind),
                        "connectorId": gone.connector_id,
                        "transactionId": gone.transaction_id,
                        "at": (gone.given_up_at + ahead).isoformat(),
                        "why": gone.why,
                    }
                    for gone in self._journal.dead_letters(JOURNAL_SHOWN)
                ],
            },
        }

    def _connector(self, connector: Connector) -> dict[str, Any]:
        fault, transaction = connector.metal.fault, connector.transaction
        return {
            "connectorId": connector.number,
            "status": self._status(connector.facts(self._condition)),
            "errorCode": fault.error_code if fault else None,
            "registerWh": connector.metal.meter.register_wh,
            "transactionId": transaction.transaction_id if transaction else None,
        }


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """What runs here."""
    found = {"python": platform.python_version(), "system": platform.system()}
    return found | {package: _version_of(package) for package in PACKAGES}


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""  # it lies in a folder only
