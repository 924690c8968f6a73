"""Setting a configuration key, whoever asks: the CSMS (OCPP 1.6 §5.3), or somebody at the charger.

The same rules and the same sentences for both. A CSMS hears only the status; why is said in the
log, and to whoever stands before the charge point.
"""

from __future__ import annotations

from typing import NamedTuple

from ocpp.v16.enums import ConfigurationStatus

from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.configuration_keys import Key
from sim_core.ocpp16.key_refusals import why_rejected
from sim_core.ocpp16.security import Security
from sim_core.snapshot import ChangedBy


class KeyChange(NamedTuple):
    """What came of it."""

    status: ConfigurationStatus
    key: Key | None
    """None: there is no such key here."""
    about: str = ""
    """What a refusal belongs to, as a kind of event."""
    reason: str = ""
    """Why it was refused, as a sentence without full stop; empty where it was not, or where there
    is no such key."""


def change_key(
    configuration: Configuration, security: Security, name: str, value: str, by: ChangedBy
) -> KeyChange:
    """Set a key. Where it is Accepted, `security.changed` is still to be told, once the answer is
    on the wire."""
    key = configuration.key(name)
    if reason := security.why_not(name, value):
        return KeyChange(ConfigurationStatus.rejected, key, "security", reason)
    status = security.change(name, value, by)
    if status == ConfigurationStatus.rejected and key is not None:
        return KeyChange(status, key, "configuration", why_rejected(key, value))
    return KeyChange(status, key)
