"""What a connector has to say, as sentences short enough for a card.

One question, one place: `who` is the line that every card and every row of the table has (who
charges, what is wrong, what is awaited), `more_notes` is what else is true, the most urgent first,
for cards that have room, and `next_step` is the key that a person would sensibly press now. The
words suppose no knowledge of OCPP; its own word for the state stands in the card's border.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sim_core.hardware.faults import FAULT_KIND
from sim_core.snapshot import (
    LIMITERS,
    ConnectorSnapshot,
    ConnectorState,
    ExternalLimit,
    ProfileSnapshot,
    ReservationSnapshot,
)
from tui import text
from tui.look import Look
from tui.protocols.wording import Wording

SHARED_LIMITS = frozenset({"cabinet", "charger", "profile", *LIMITERS.values()})
"""Limits that somebody has set: their figure stands still and is worth reading. What a vehicle or
the ramp lets through is the power itself, and moves with it."""
RAMP = "ramp"


@dataclass(frozen=True)
class Note:
    """A sentence of a role; an urgent one is worth more than the trace of the power."""

    words: str
    role: str = "muted"
    urgent: bool = False


def who(connector: ConnectorSnapshot, now: datetime) -> Note | None:
    """Who charges here, what is wrong, or what is awaited; None where there is nobody."""
    fault, reservation = connector.fault, connector.reservation
    if fault:
        return Note(f"{fault.error_code} since {text.clock_time(fault.since)}", "error")
    if connector.authorizing:
        return Note(f"asking about card {connector.token or ''}", "warning")
    if connector.plug_by:
        left = text.span_in_words(text.seconds_left(connector.plug_by, now))
        return Note(f"{connector.token or 'card'} waits for plug {left}", "warning")
    if connector.transaction:
        return Note(connector.transaction.token, "text")
    if reservation:
        return Note(reserved_words(reservation), "secondary")
    if connector.scheduled_availability:
        return Note(f"{_next_service(connector)} once it is free", "warning")
    name = connector.token or connector.vehicle
    return Note(name, "text") if name else None


def reserved_words(reservation: ReservationSnapshot) -> str:
    """For whom it is kept, and until when."""
    return f"for {reservation.token} until {text.clock_time(reservation.until)[:5]}"


def _next_service(connector: ConnectorSnapshot) -> str:
    return "Available" if connector.scheduled_availability == "Operative" else "Unavailable"


def pending_words(connector: ConnectorSnapshot) -> str:
    """The change of availability that waits for the end of the session, for a narrow border."""
    if not connector.scheduled_availability or not connector.transaction:
        return ""
    return f"then {_next_service(connector)}"


def status_words(connector: ConnectorSnapshot, wording: Wording, *, roomy: bool = False) -> str:
    """Its status as the protocol spells it, and what its transaction is doing where that has a word
    of its own: instead of the status, or behind it where it is `roomy`."""
    doing = wording.doing.get(connector.state)
    if doing is None or connector.status != wording.statuses.get(connector.state):
        return connector.status
    return f"{connector.status}, {doing}" if roomy else doing


def limit_words(connector: ConnectorSnapshot) -> str:
    """What holds the power where it is."""
    if not connector.limited_by:
        return ""
    if connector.limited_by == RAMP:
        return "ramping up"
    words = f"limited by {connector.limited_by}"
    if connector.limit_w is None or connector.limited_by not in SHARED_LIMITS:
        return words
    return f"{words} {text.kilowatts(connector.limit_w)}"


def last_session_words(connector: ConnectorSnapshot, cells: int) -> str:
    """What was charged here last, why it ended and how long it took, in so many cells; empty where
    nothing was."""
    last = connector.last_session
    if last is None or not last.ended_at or not last.started_at:
        return ""
    took = last.ended_at - last.started_at
    charged = f"{text.kilo(last.energy_wh, 3)} kWh"
    lasted = f"{charged} in {text.duration(took)}"
    why = f", reason {text.plain(last.reason, ascii_only=True)}" if last.reason else ""
    ways = (
        f"last session {lasted}{why}",
        f"last {lasted}{why}",
        f"last {charged} in {text.short_span(took.total_seconds())}{why}",
        f"last {charged}{why}",
    )
    return next((words for words in ways if text.width(words) <= cells), f"last {lasted}")


def screen_words(connector: ConnectorSnapshot, dot: str) -> str:
    """What its driver reads, in one line."""
    return dot.join(connector.screen)


def more_notes(connector: ConnectorSnapshot, dot: str, roomy: bool) -> list[Note]:
    """What else is true of it, the most urgent first; `dot` parts two things in one line.

    A card that is `roomy` has here what one with a narrow border has there: a change of
    availability that waits (`pending_words`), and what the driver reads (`screen_words`).
    """
    notes: list[Note] = []
    fault = connector.fault
    if fault:
        vendor = dot.join(part for part in (fault.vendor_error_code, fault.info) if part)
        if vendor:
            notes.append(Note(vendor, "warning", urgent=True))
        if kind := FAULT_KIND.get(fault.error_code):
            notes.append(Note(kind.meaning))
    if connector.lock_jammed and not fault:
        notes.append(Note("the lock is jammed", "warning", urgent=True))
    if connector.vehicle_asleep:
        notes.append(Note("the vehicle has given up and sleeps", "warning", urgent=True))
    if roomy and connector.screen:
        notes.append(Note(f"screen {screen_words(connector, dot)}", "secondary"))
    if connector.reservation and (connector.transaction or fault):
        notes.append(Note(reserved_words(connector.reservation), "secondary"))
    if roomy and pending_words(connector):
        notes.append(Note(f"{_next_service(connector)} after this session", "warning"))
    if connector.profile:
        notes.append(Note(profile_words(connector.profile)))
    if connector.external:
        notes.append(Note(external_words(connector.external)))
    return notes


def profile_words(profile: ProfileSnapshot) -> str:
    """The charging profile that counts, what it allows, and until when."""
    allowed = f"{profile.purpose} {profile.profile_id} allows {text.kilowatts(profile.limit_w)}"
    if profile.unit == "A":
        allowed += f" ({profile.limit:g} A)"
    return f"{allowed} until {text.clock_time(profile.until)}" if profile.until else allowed


def external_words(limit: ExternalLimit) -> str:
    """What somebody beside the CSMS allows, and to whom."""
    whom = "" if limit.connector_id else " in all"
    critical = ", critical for the grid" if limit.grid_critical else ""
    return f"{limit.whose} allows {text.kilowatts(limit.limit_w)}{whom}{critical}"


def next_step(connector: ConnectorSnapshot, look: Look) -> str:
    """What a person would sensibly press now; empty where there is nothing but to wait."""
    state, refused = connector.state, connector.refusals
    if look.keys.next_steps is not None:
        return look.next_step(state)
    if connector.authorizing:
        return ""
    if connector.vehicle_asleep and state in (ConnectorState.PREPARING, ConnectorState.ENDED):
        return f"it sleeps, {look.key('plug')} unplugs it"
    if state is ConnectorState.PREPARING:
        if connector.identifying:
            return "reads who it is, starts by itself"
        if connector.plug_by:
            return f"{look.key('plug')} plugs its vehicle in"
        if connector.plugged and "local_start" in refused:
            return "it starts by itself" if connector.token else ""
        if connector.reservation:
            return f"{look.key('start_with')} starts with that card"
    if state is ConnectorState.RESERVED and not connector.plugged:
        return f"{look.key('plug')} plugs in, {look.key('start_with')} starts with the card"
    if state is ConnectorState.PAUSED_BY_VEHICLE and "resume" in refused:
        return f"it takes nothing now, {look.key('stop')} stops"
    if state is ConnectorState.FAULTED and "clear_fault" in refused:
        return ""
    return look.next_step(state)
