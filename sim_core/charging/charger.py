"""The charger: its parts put together, and nothing else.

State changes only in synchronous steps on one event loop; telling the CSMS is asynchronous and
follows. No change spans an `await`, so two connectors can never fight. Whoever changes a fact calls
`changed`: it shares the power out again, lets everybody who depends on facts look, and tells the
protocol what is true now.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from sim_core.charging import acts
from sim_core.charging.authorization import Authorizer
from sim_core.charging.availability import Availability
from sim_core.charging.bays import Bays
from sim_core.charging.cards import Cards
from sim_core.charging.codes import Codes
from sim_core.charging.condition import Condition
from sim_core.charging.config import ChargePointConfig
from sim_core.charging.connector import Connector
from sim_core.charging.csms import Csms
from sim_core.charging.environment import Environment
from sim_core.charging.external_limits import ExternalLimits
from sim_core.charging.faults import Faults
from sim_core.charging.habits import points_of
from sim_core.charging.installed_profiles import InstalledProfiles
from sim_core.charging.keypad import Keypad
from sim_core.charging.lifecycle import Lifecycle
from sim_core.charging.limits import Limits
from sim_core.charging.locks import Locks
from sim_core.charging.looking import Looking
from sim_core.charging.outsiders import Outsiders
from sim_core.charging.pauses import Pauses
from sim_core.charging.points import Points
from sim_core.charging.policy import Feature, Policy
from sim_core.charging.power import Power
from sim_core.charging.power_loss import PowerLoss
from sim_core.charging.presence import Presence
from sim_core.charging.profile import ProfileRules
from sim_core.charging.readings import Readings
from sim_core.charging.reservations import Reservations
from sim_core.charging.sampling import Sampling
from sim_core.charging.security_events import CLOCK_SET, STARTUP, SecurityEvents
from sim_core.charging.signing_meters import SigningMeters
from sim_core.charging.starting import Starting
from sim_core.charging.token_list import TokenList
from sim_core.charging.transactions import Transactions
from sim_core.charging.updates import Updates
from sim_core.charging.uploads import Uploads
from sim_core.charging.vehicles import Vehicles
from sim_core.charging.verdicts import Verdicts
from sim_core.charging.vocabulary import Cause
from sim_core.commands import Command, Outcome
from sim_core.files.transfer import Transfers
from sim_core.hardware.outlet import Outlet
from sim_core.hardware.warmth import Cabinet, CabinetAir
from sim_core.store.interface import MEMORY, Store

NO_NOISE = random.Random(0)
"""Of metal that draws nothing from it."""
WORTH_TELLING = timedelta(seconds=2)
"""By so much a clock is set that it concerns security."""


class Charger:
    """One charger, whatever it speaks. Made on the loop that it lives on; `start` begins its life
    once whoever speaks for it can hear."""

    __slots__ = (
        "acts",
        "authorizer",
        "availability",
        "cards",
        "condition",
        "config",
        "connectors",
        "environment",
        "external",
        "lifecycle",
        "limits",
        "locks",
        "looking",
        "outsiders",
        "policy",
        "power",
        "power_loss",
        "presence",
        "profiles",
        "readings",
        "reservations",
        "sampling",
        "security",
        "token_list",
        "transactions",
        "transfers",
        "updates",
        "uploads",
        "vehicles",
        "verdicts",
    )

    def __init__(
        self,
        config: ChargePointConfig,
        environment: Environment,
        store: Store,
        policy: Policy,
        csms: Csms,
        transfers: Transfers,
        *,
        codes: Codes,
        rules: ProfileRules,
        on_change: Callable[[], None],
    ) -> None:
        """`codes` are those that were typed, `rules` is how the protocol has charging profiles;
        `on_change` is called when a picture of the charger would look different."""
        model, behaviour = config.model, config.model.behaviour
        points = points_of(config.quirks)
        inoperative = store.availability.inoperative()
        condition = Condition(operative=0 not in inoperative)
        keypad = model.equipment.keypad and policy.has(Feature.KEYPAD)
        connectors = _connectors(config, store, environment, points, inoperative, keypad=keypad)
        self.config = config
        self.environment = environment
        self.policy = policy
        self.condition = condition
        self.connectors = connectors
        self.transfers = transfers
        self.looking = looking = Looking(connectors, condition, csms, on_change)
        changed = looking.changed
        self.token_list = looking.token_list = TokenList(
            policy, store, note=environment.note, changed=looking.whole_changed
        )
        self.authorizer = Authorizer(policy, store, self.token_list, csms, environment.now)
        self.reservations = looking.reservations = Reservations(
            environment,
            connectors,
            condition,
            policy,
            store,
            hear=csms.hear,
            changed=looking.reservations_changed,
            plug_ends_reserved=points.plug_ends_reserved,
        )
        self.profiles = InstalledProfiles(
            store.profiles, connectors, policy, environment, rules=rules, hear=csms.hear
        )
        self.external = ExternalLimits(store.documents, connectors)
        self.limits = Limits(
            self.profiles,
            self.external,
            connectors,
            model.ratings,
            policy,
            environment,
            hear=csms.hear,
            advance=self._advance,
            limits_changed=looking.limits_changed,
            powers_changed=looking.powers_changed,
        )
        self.outsiders = Outsiders(
            self.external, self.limits, connectors, policy, environment, hear=csms.hear
        )
        self.power = looking.power = Power(
            environment,
            connectors,
            model.ratings,
            self.limits,
            store.registers,
            evenly=store.path != MEMORY or points.even_ticks,
            on_look=self._look_by_itself,
            on_change=on_change,
        )
        signs = model.equipment.signing_meter
        signing = SigningMeters(store.documents, model.identity) if signs else None
        self.readings = Readings(environment, connectors, policy, points, signing)
        self.sampling = Sampling(
            environment,
            connectors,
            store,
            policy,
            csms,
            self.power,
            self.readings,
            points,
            behaviour,
        )
        self.transactions = Transactions(
            environment,
            connectors,
            store,
            policy,
            csms,
            self.power,
            self.sampling,
            self.limits,
            self.reservations,
            points,
            changed,
        )
        self.verdicts = Verdicts(
            environment,
            connectors,
            store.documents,
            policy,
            self.power,
            self.transactions,
            changed,
        )
        self.power_loss = PowerLoss(
            environment,
            connectors,
            store,
            csms,
            self.power,
            self.sampling,
            self.limits,
            self.transactions,
            self.verdicts,
            points,
            changed,
            resumes=behaviour.resume_after_power_loss,
        )
        faults = Faults(
            environment,
            connectors,
            condition,
            policy,
            csms,
            self.power,
            self.transactions,
            model.faults,
            points,
            changed,
        )
        self.locks = Locks(environment, condition, self.transactions, changed)
        starting = Starting(
            environment,
            connectors,
            csms,
            self.transactions,
            self.sampling,
            points,
            changed,
            faults.pass_soon,
        )
        self.cards = Cards(
            environment,
            connectors,
            condition,
            policy,
            csms,
            self.authorizer,
            self.reservations,
            self.transactions,
            starting,
            points,
            changed,
            self.locks.open,
            default_token=config.default_id_tag,
            needs_vehicle=behaviour.remote_start_needs_vehicle,
        )
        bays = Bays(environment, condition, csms, self.transactions, changed)
        self.vehicles = Vehicles(
            environment,
            connectors,
            condition,
            policy,
            csms,
            self.power,
            self.authorizer,
            self.reservations,
            self.transactions,
            starting,
            self.cards,
            bays,
            config.garage,
            points,
            changed,
        )
        keypads = Keypad(
            environment, condition, codes, self.cards, self.authorizer, policy.text_limits
        )
        pauses = Pauses(condition, self.power, faults, changed)
        self.acts = acts.Doers(self.vehicles, bays, self.cards, keypads, pauses, faults, self.locks)
        self.availability = Availability(connectors, condition, store, changed)
        self.security = SecurityEvents(
            environment, store.security_log, csms, speaks=behaviour.security_extension
        )
        self.updates = looking.updates = Updates(
            environment,
            connectors,
            condition,
            store,
            csms,
            transfers,
            security=self.security,
            built_in=model.identity.firmware_version,
            changed=changed,
            on_change=on_change,
            restart=self._restart,
        )
        self.uploads = {
            what: Uploads(what, environment, store.documents, csms, transfers, on_change)
            for what in ("diagnostics", "log")
        }
        self.lifecycle = Lifecycle(
            environment,
            connectors,
            condition,
            csms,
            self.transactions,
            self.power_loss,
            self.sampling,
            self.security,
            (self.updates, *self.uploads.values(), self.vehicles),
            points,
            changed,
            on_change,
            has_backup=behaviour.power_backup,
        )
        self.presence = looking.presence = (
            None
            if store.path == MEMORY
            else Presence(
                environment,
                connectors,
                condition,
                store,
                config.garage,
                detachable_cable=behaviour.detachable_cable,
            )
        )

    # -- its life ----------------------------------------------------

    def start(self) -> None:
        """Find what the last life has left, and begin."""
        self.reservations.start()
        self.security.note(STARTUP)
        if self.presence is not None:
            self.presence.find()
        self.power_loss.recover()
        self.limits.refresh()
        self.outsiders.heed()
        self.looking.look_at_all()
        if self.presence is not None:
            self.presence.keep()
        self.power.tick_while_needed()
        self.sampling.clock_changed()

    async def close(self) -> None:
        """Nothing happens by itself any more; the meters are written down."""
        self.sampling.close()
        self.reservations.close()
        self.limits.close()
        self.power.close()
        await self.environment.tasks.close()
        self.power.advance()
        self.power.save_registers()

    def accepted(self) -> None:
        """The CSMS has accepted the charger, and hears it."""
        self.power_loss.end_cut_off()
        self.vehicles.accepted()
        self.updates.registered()
        for upload in self.uploads.values():
            upload.registered()

    def shift_clock(self, by: timedelta) -> None:
        """The CSMS has set the clock."""
        self.environment.shift(by)
        if abs(by) >= WORTH_TELLING:
            self.security.note(CLOCK_SET, f"{by.total_seconds():+.1f} s")
        self.reservations.rearm()
        self.limits.clock_shifted(by)
        self.updates.rearm()
        self.sampling.clock_changed()

    # -- what happens to it ------------------------------------------

    async def carry_out(self, connector: Connector, command: Command) -> Outcome:
        """Do what a command on a connector asks; returns once it is decided."""
        return await acts.carry_out(self.acts, connector, command)

    def _advance(self) -> None:
        self.power.advance()

    async def _restart(self, why: str) -> None:
        await self.lifecycle.restart(why)

    def _look_by_itself(self, connector: Connector) -> None:
        self.verdicts.look(connector)
        self.transactions.look(connector)
        self.looking.look(connector, Cause.VEHICLE)  # a battery may have become full


def _connectors(
    config: ChargePointConfig,
    store: Store,
    environment: Environment,
    points: Points,
    inoperative: set[int],
    *,
    keypad: bool,
) -> dict[int, Connector]:
    """The connectors by number, with what the store knows of them."""
    model, registers = config.model, store.registers.all()
    return {
        number: Connector(
            number,
            _outlet(
                config,
                environment,
                points,
                register_wh=registers.get(number, float(config.meter_start_wh)),
                cabinet_c=config.cabinets_c.get(number, config.timing.cabinet_c),
            ),
            lockable=model.behaviour.lockable,
            in_service=number not in inoperative,
            operative=number not in inoperative and 0 not in inoperative,
            drawn_step_s=max(1, round(config.time_scale)),
            keypad=keypad,
            bay_sensor=model.equipment.bay_sensor,
            called=environment.called,
        )
        for number in range(1, config.connectors + 1)
    }


def _outlet(
    config: ChargePointConfig,
    environment: Environment,
    points: Points,
    *,
    register_wh: float,
    cabinet_c: float | None,
) -> Outlet:
    """The metal of one connector, with a sequence of chance of its own: what the link draws does
    not move the meters."""
    timing, exact = config.timing, config.noise is not None
    wavers = config.noise or timing.moves
    if wavers:
        rng = random.Random(environment.rng.random())
    else:
        environment.rng.skip()
        rng = NO_NOISE
    warmth = None
    if cabinet_c is not None:
        air = CabinetAir(cabinet_c, timing.fan_fall_c, timing.warming_c_per_h, timing.jitter_c)
        warmth = Cabinet(air, rng)
    return Outlet(
        config.model.ratings,
        register_wh=register_wh,
        ramp_w_per_s=timing.ramp_w_per_s,
        ramp_steps=timing.ramp_steps,
        drawn_share=1.0 if exact else timing.drawn_share,
        noise=config.noise or 0.0,
        constant_power_w=config.constant_power_w,
        rng=rng,
        now_s=environment.clock.monotonic(),
        detachable_cable=config.model.behaviour.detachable_cable,
        profile_share=points.profile_share,
        warmth=warmth,
    )
