"""What a variable has to do with the rest of the station, once somebody sets it.

The device model knows what a variable may hold by itself. Here is what it does not know: values
that depend on others, who has to hear of a new one, and that somebody at the station may set one,
too. All that only asks when it needs a value stands nowhere.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.charging.charger import Charger
from sim_core.commands import Accepted, Outcome, Refused
from sim_core.ocpp201.access import PASSWORD, Credentials
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.network_profiles import COMPONENT, PRIORITY
from sim_core.ocpp201.registration import Registrar
from sim_core.ocpp201.transaction_points import why_never_begun
from sim_core.ocpp201.variables import Address
from sim_core.redaction import one_line
from sim_core.snapshot import ChangedBy

LONGEST_ADDRESS = 100
"""Characters of what is said again of a variable that is not there."""


class VariableEffects:
    """See the module."""

    __slots__ = ("_charger", "_model", "_ping_interval_changed", "_registrar", "_security")

    def __init__(
        self,
        model: DeviceModel,
        charger: Charger,
        registrar: Registrar,
        security: Credentials,
        ping_interval_changed: Callable[[], None],
    ) -> None:
        self._model = model
        self._charger = charger
        self._registrar = registrar
        self._security = security
        self._ping_interval_changed = ping_interval_changed

    def configure(self, name: str, value: str) -> Outcome:
        """Somebody at the station sets a variable, by the rules of SetVariables (B05)."""
        variable = self._model.named(name)
        if variable is None:
            return Refused(
                f"there is no variable {one_line(name[:LONGEST_ADDRESS])!r} here: say it as "
                "Component.Variable"
            )
        address = variable.address
        why = self._model.why_not(address, value) or self.objection(address, value)[1]
        if why:
            return Refused(why)
        at_once = self._model.set(address, value, ChangedBy.OPERATOR)
        when = "" if at_once else ", from the next reboot on"
        said = f"{address} was set at the charge point{when}"
        self._charger.environment.note("configuration", said)
        self.was_set(address)
        return Accepted("" if at_once else "it counts after the next reboot")

    def objection(self, address: Address, value: str) -> tuple[str, str]:
        """What speaks against a value that depends on more than its variable."""
        if (address.component.name, address.variable.name) == (COMPONENT, PRIORITY):
            return self._security.why_not_order(value)
        return why_never_begun(self._model, address, value)

    def was_set(self, address: Address) -> None:
        """A variable was set; where the CSMS has asked for it, the answer is on the wire."""
        self._charger.outsiders.heed()
        if (address.component.name, address.variable.name) == PASSWORD:
            self._charger.security.note("ReconfigurationOfSecurityParameters", PASSWORD[1])
            self._security.password_changed()

    def changed(self, address: Address) -> None:
        """A variable has a new value: those hear of it who cannot wait to be asked."""
        effects: dict[tuple[str, str], Callable[[], None]] = {
            ("OCPPCommCtrlr", "HeartbeatInterval"): self._registrar.interval_changed,
            ("OCPPCommCtrlr", "WebSocketPingInterval"): self._ping_interval_changed,
            ("SampledDataCtrlr", "TxUpdatedInterval"): self._charger.sampling.interval_changed,
            ("AlignedDataCtrlr", "Interval"): self._charger.sampling.clock_changed,
            ("LocalAuthListCtrlr", "Enabled"): self._charger.token_list.switched,
            ("SmartChargingCtrlr", "Enabled"): self._charger.limits.switched,
        }
        effects.get((address.component.name, address.variable.name), lambda: None)()
