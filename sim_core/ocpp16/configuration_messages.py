"""GetConfiguration and ChangeConfiguration (OCPP 1.6 §5.8, §5.3): keys are in `configuration`."""

from __future__ import annotations

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, ConfigurationStatus

from sim_core.charging.environment import Note
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.key_changes import change_key
from sim_core.ocpp16.security import Security
from sim_core.snapshot import ChangedBy
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on


class ConfigurationMessages:
    """Handlers of what a CSMS asks about keys."""

    __slots__ = ("_configuration", "_note", "_security")

    def __init__(self, configuration: Configuration, security: Security, note: Note) -> None:
        self._configuration = configuration
        self._security = security
        self._note = note

    @on(Action.get_configuration)
    def get_configuration(self, key: list[str] | None = None) -> Reply | Refusal:
        """§5.8."""
        most = self._configuration.number("GetConfigurationMaxKeys")
        if key and len(key) > most:
            return Refusal("OccurenceConstraintViolation", f"at most {most} keys in one request")
        known, unknown = self._configuration.report(key or [])
        return Reply(
            call_result.GetConfiguration(
                configuration_key=known if known or not unknown else None,
                unknown_key=unknown or None,
            )
        )

    @on(Action.change_configuration)
    def change_configuration(self, key: str, value: str) -> Reply:
        """§5.3."""
        security = self._security
        status, known, about, reason = change_key(
            self._configuration, security, key, value, ChangedBy.CSMS
        )
        if reason:
            name = key if about == "security" or known is None else known.name
            self._note(about, f"{name} was refused: {reason}")
        accepted = status == ConfigurationStatus.accepted
        return Reply(
            call_result.ChangeConfiguration(status),
            then=(lambda: security.changed(key)) if accepted else None,
            why=reason or "",
        )
