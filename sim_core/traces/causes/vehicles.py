"""Who was plugged in: what a session tells of its vehicle.

A vehicle is not the charger's doing: how much it takes, how full it is, whether its handshake needs
a second try. Its power is read where nothing else bounds it: long after the start, alone, and
without a charging profile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sim_core.traces.causes.scene import Car
from sim_core.traces.causes.sessions import Session, outages, reported, sessions
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S

MAC_S, LATE_MAC_S = 16.1, 26.2
"""From the plug to the vehicle's own id, and with a second try of the handshake."""
MAC_SPREAD_S = 3.4
ALIKE_S = 0.5
"""Of two plugs that an id fits by so little more or less neither is the likelier one."""
UNUSUAL_MAC = 60 * S
"""So long after the plug its id is still told, by a charger of other habits."""
AFTER_RESTART = 15 * S
"""So soon after a boot vehicles that wait say again who they are."""
USUAL_START_S, LATE_START_S, SLOW_START_S = 28.5, 33.5, 60.0
"""From the plug to the start, with a second try, and with a vehicle that takes its time."""
OWN_ID = "VID:"
SOME_VID = "VID:0000000000FF"
"""A vehicle whose id was never asked for."""
SETTLED_S = 45.0
"""So long after the start the charger gives what it can."""
HEADROOM = 1.015
BATTERY_WH = 60_000
BATTERIES_WH = (20_000, 30_000, 40_000, 50_000, BATTERY_WH, 75_000, 90_000, 110_000, 150_000)
PARTS = 10
"""In so many parts of a percent it is guessed how full a battery was."""
STEADY = 0.012
"""A current that changes by less is the vehicle's limit."""
RESISTANCE_OHM, POLARISATION_OHM = 0.17, 0.07
"""What a battery adds to its voltage with every ampere: at once, and within half a minute."""


def mac_of(told: Conversation, connector: int, plugged: datetime) -> Exchange | None:
    """The message that tells a vehicle's own id, and belongs to this plug."""
    for mac in told.of("DataTransfer"):
        if mac.text("messageId") == "MacID" and _is_nearest(told, mac, connector, plugged):
            return mac
    for card in told.of("Authorize"):
        if is_own_id(card.id_tag) and _is_nearest(told, card, connector, plugged):
            return card  # of a charger that does not say where it has that id from
    return None


def is_own_id(tag: str) -> bool:
    """Whether an idTag is a vehicle's own id, as a charger makes one of its MAC."""
    return tag.startswith(OWN_ID)


def _is_nearest(told: Conversation, mac: Exchange, connector: int, plugged: datetime) -> bool:
    own = _misses_by(mac.at - plugged)
    if own is None:
        return _is_of_no_other(told, mac, connector, plugged)
    for other in told.of("StatusNotification"):
        if other.status == "Preparing" and other.connector != connector:
            came = other.stamp or other.at
            theirs = _misses_by(mac.at - came)
            if theirs is None:
                continue
            if abs(theirs - own) < ALIKE_S:  # whose card was read first need not tell an id
                early = _authorised_early(told, connector, plugged)
                if early != _authorised_early(told, other.connector, came):
                    if early:
                        return False
                    continue
            if theirs < own:
                return False
    return True


def _is_of_no_other(told: Conversation, mac: Exchange, connector: int, plugged: datetime) -> bool:
    """Whether a vehicle's id that came at no usual time can be of this plug alone: one connector
    waits, for less than a minute, and has told of no vehicle."""
    if not timedelta(0) < mac.at - plugged < UNUSUAL_MAC:
        return False
    if any(m.text("messageId") == "MacID" and plugged < m.at < mac.at for m in told.said):
        return False
    waiting: dict[int | None, str] = {}
    for report in told.of("StatusNotification"):
        if report.at < mac.at:
            waiting[report.connector] = report.status
    if [number for number, status in waiting.items() if status == "Preparing"] != [connector]:
        return False
    return not any(
        plugged < report.at < mac.at and report.status == "Available"
        for report in told.of("StatusNotification", connector)
    )


def _misses_by(took: timedelta) -> float | None:
    """By how much a vehicle's id came beside its usual times; None: it is of no such plug."""
    off = min(abs(took / S - usual) for usual in (MAC_S, LATE_MAC_S))
    return off if off <= MAC_SPREAD_S else None


def mac_after_restart(told: Conversation, connector: int, plugged: datetime) -> Exchange | None:
    """The message that tells a vehicle's own id only after a process has restarted that ended
    before it could: of several that wait, the first connector's comes first."""
    for outage in outages(told):
        if not plugged < outage.began:
            continue
        ready = outage.over - (LATE_MAC_S + MAC_SPREAD_S) * S
        waiting = [
            report.connector
            for report in told.of("StatusNotification")
            if reported(told, report) is outage.boot and report.status == "Preparing"
        ]
        known = {mac.text("data") for mac in told.of("DataTransfer") if mac.at < outage.began}
        macs = [
            mac
            for mac in told.of("DataTransfer")
            if mac.text("messageId") == "MacID"
            and timedelta(0) < mac.at - outage.over < AFTER_RESTART
            and mac.text("data") not in known
        ]
        if connector in waiting and plugged < ready and macs:
            place = sorted(n for n in waiting if n).index(connector)
            return macs[min(place, len(macs) - 1)]
        return None
    return None


def car_of(told: Conversation, connector: int, plugged: datetime) -> Car:
    """The vehicle that was plugged in then."""
    mac = mac_of(told, connector, plugged)
    session = next((s for s in sessions(told, connector) if s.start.at > plugged), None)
    late, late_s = False, 0.0
    if mac is not None:
        late = (mac.at - plugged) / S > (MAC_S + LATE_MAC_S) / 2
    elif session is not None and _authorised_early(told, connector, plugged):
        took_s = (session.began - plugged) / S
        late, late_s = took_s > LATE_START_S, took_s - USUAL_START_S
        late_s = late_s if took_s > SLOW_START_S else 0.0
    known = mac or mac_after_restart(told, connector, plugged)
    vid = (known.text("data") or known.id_tag) if known is not None else None
    if vid is None and _authorised_early(told, connector, plugged):
        vid = SOME_VID
    if session is None or session.failed:
        return Car(vid, late, late_s)
    return replace(car_in(told, session, vid, late), late_s=late_s)


def _authorised_early(told: Conversation, connector: int | None, plugged: datetime) -> bool:
    """Whether somebody was there before the vehicle's own id could be read."""
    for exchange in told.exchanges:
        if exchange.action not in ("Authorize", "RemoteStartTransaction"):
            continue
        if exchange.action != "Authorize" and exchange.connector not in (None, connector):
            continue
        if timedelta(0) < exchange.at - plugged < (MAC_S - MAC_SPREAD_S) * S:
            return True
    return False


def car_in(told: Conversation, session: Session, vid: str | None, late: bool) -> Car:
    """The vehicle of a transaction."""
    settled = [s for s in session.samples if _is_settled(session, s)]
    alone = [s for s in settled if is_alone(told, session, s.stamp or s.at)]
    powers = [(power_w(s) or 0.0, s.number("Current.Import") or 0.0) for s in alone]
    most_w = most_a = None
    if powers:
        most = max(power for power, _ in powers)
        currents = [current for power, current in powers if power > 0.9 * most]
        if most > 0:
            most_w = most * HEADROOM
        if len(currents) > 1 and max(currents) - min(currents) < STEADY * max(currents):
            watts = [power for power, _ in powers if power > 0.9 * most]
            steady_w = (max(watts) - min(watts)) / most
            steady_a = (max(currents) - min(currents)) / max(currents)
            most_a = max(currents) if steady_a < steady_w else None
    soc, battery_wh = _charge(session)
    return Car(vid, late, 0.0, soc, battery_wh, most_w, most_a, _resting_v(session))


def _charge(session: Session) -> tuple[float | None, float | None]:
    """How full the vehicle's battery was when it came, and how large it is: whatever fits best to
    the whole percents that the session shows."""
    register = session.start.register_wh
    shown = [
        (soc, wh - register)
        for sample in session.samples
        if (soc := sample.number("SoC"))
        and (wh := sample.register_wh) is not None
        and register is not None
    ]
    if not shown:
        return None, None
    first = shown[0][0]

    def misses(battery_wh: float, came: float) -> int:
        return sum(int(came + 100 * wh / battery_wh) != soc for soc, wh in shown)

    fits = [
        (misses(wh, first + part / PARTS), abs(wh - BATTERY_WH), abs(part - PARTS / 2), part, wh)
        for wh in BATTERIES_WH
        for part in range(1, PARTS)
    ]
    *_, part, battery_wh = min(fits)
    return first + part / PARTS, battery_wh


def _resting_v(session: Session) -> float | None:
    """The voltage of the battery with no current, from the first sample that shows what it is when
    all has settled, or from any."""
    periodic = [s for s in session.samples if s.context == "Sample.Periodic"]
    settled = [s for s in periodic if _is_settled(session, s)]
    for sample in (*settled, *periodic):
        volt, ampere = sample.number("Voltage"), sample.number("Current.Import")
        if volt and ampere is not None:
            ohm = RESISTANCE_OHM + POLARISATION_OHM * (sample in settled)
            return volt - ohm * ampere
    return None


def power_w(sample: Exchange) -> float | None:
    """The power that flows, in W."""
    for value in sample.sampled:
        if value.get("measurand") == "Power.Active.Import":
            number = sample.number("Power.Active.Import")
            return number if number is None or value.get("unit") != "kW" else number * 1000
    return None


def _is_settled(session: Session, sample: Exchange) -> bool:
    at = sample.stamp
    return sample.context == "Sample.Periodic" and at is not None and session.age_s(at) >= SETTLED_S


def is_alone(told: Conversation, session: Session, at: datetime) -> bool:
    """Whether nothing but the vehicle bounds what flows at a moment."""
    for asked in told.asked:
        limits = asked.action == "SetChargingProfile"
        if limits and asked.connector in (0, session.connector) and asked.at < at:
            return False
    for report in told.of("StatusNotification"):
        if report.connector in (0, None, session.connector) or report.at > at:
            continue
        later = [
            r for r in told.of("StatusNotification", report.connector) if report.at < r.at <= at
        ]
        if not later and report.status in ("Preparing", "Charging"):
            return False
    return True
