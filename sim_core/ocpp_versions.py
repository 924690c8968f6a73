"""Which versions of OCPP there are, for whoever speaks with a CSMS or reads frames without being a
charge point: the one table that knows every protocol adapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim_core.hardware.model import Identity
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.registration import boot_payload
from sim_core.ocpp16.status import Status
from sim_core.ocpp201.dialect import OCPP_201
from sim_core.ocpp201.registration import boot_payload as boot_payload_201
from sim_core.ocpp201.status import Status as Status201
from sim_core.ocpp201.variables import Address
from sim_core.wire.answers import Payload
from sim_core.wire.dialect import Dialect
from sim_core.wire.timestamps import moment


@dataclass(frozen=True)
class Version:
    """One version: how it is spoken on the wire, and how a charger introduces itself in it."""

    dialect: Dialect
    boot_payload: Callable[[Identity], Payload]
    """What `dialect.boot` says of a charger."""
    moment: Callable[[object], datetime | None]
    """Reads a time in a payload; None where it is none."""
    statuses: tuple[str, ...]
    """Every word that it has for the status of a connector."""


VERSIONS = (
    Version(OCPP_201, boot_payload_201, moment, tuple(status.value for status in Status201)),
    Version(OCPP_16, boot_payload, moment, tuple(status.value for status in Status)),
)
"""The best first."""


def version_of(dialect: Dialect) -> Version:
    """The version that is spoken in this dialect."""
    return next(version for version in VERSIONS if version.dialect is dialect)


def dialect_of(subprotocol: str) -> Dialect:
    """The dialect with this sub-protocol; StopIteration where there is none."""
    return spoken(subprotocol).dialect


def dialects_of(word: str) -> tuple[Dialect, ...]:
    """What a word of the option `ocpp_version` offers a CSMS, the best first."""
    known = tuple(version.dialect for version in VERSIONS)
    return known if word == "auto" else (dialect_of(f"ocpp{word}"),)


def spoken(subprotocol: str) -> Version:
    """The version with this sub-protocol; StopIteration where there is none."""
    return next(version for version in VERSIONS if version.dialect.subprotocol == subprotocol)


def statuses_of(subprotocol: str) -> tuple[str, ...]:
    """Every word for the status of a connector that a version has, by its sub-protocol; of one that
    is not known here, those of all: a real charger may speak any."""
    own = (one.statuses for one in VERSIONS if one.dialect.subprotocol == subprotocol)
    return next(own, known_statuses())


def known_actions() -> frozenset[str]:
    """Every action of any version."""
    return frozenset().union(*(version.dialect.schemas.actions for version in VERSIONS))


def known_statuses() -> tuple[str, ...]:
    """Every word for the status of a connector, of any version."""
    return tuple(dict.fromkeys(word for version in VERSIONS for word in version.statuses))


def variable_named(text: str) -> dict[str, Any] | None:
    """Component and variable of OCPP 2.0.1 that people write `Component.Variable`, as requests have
    them; None where the text names none."""
    address = Address.read(text)
    return None if address is None else address.wire()
