"""Limits and reservations: everything that the CSMS has laid down for the time to come.

Limits now and later with their charging profiles, and those of others than the CSMS; reservations,
the cards that are known, and what is to be out of service. The words suppose no knowledge of OCPP;
its own names stand beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sim_core.snapshot import (
    LIMITERS,
    CompositeSnapshot,
    ConnectorSnapshot,
    ExternalLimit,
    InstalledProfile,
    ProfileSnapshot,
    ReservationSnapshot,
    StationSnapshot,
    TokenEntry,
)
from tui import text
from tui.dialogs.columns import Column, head_line, in_columns
from tui.dialogs.sheet_body import Item, Page, Tab
from tui.look import Look
from tui.protocols.known import wording_of
from tui.widgets.line_widget import Line, Span
from tui.widgets.steps_chart import steps_chart

CHART_ROWS = 4
BINDING = frozenset({"profile", *LIMITERS.values()})
"""What `limited_by` says where somebody has limited the power."""
KINDS: dict[str, str] = {
    "Absolute": " (by the clock)",
    "Relative": " (from the session's start)",
}
"""How a profile's time goes, in words."""
LIMITS = (
    Column("where", 12),
    Column("allowed now", 11, right=True),
    Column("until", 8),
    Column("flows now", 9, right=True, from_cells=66),
    Column("by what", 0),
)
PROFILES = (
    Column("", 5),
    Column("id", 6, right=True),
    Column("where", 12),
    Column("purpose", 21),
    Column("level", 5, right=True, from_cells=66),
    Column("kind", 9, from_cells=90),
    Column("limits", 0),
)
RESERVATIONS = (
    Column("id", 8, right=True),
    Column("where", 13),
    Column("for the card", 0),
    Column("or its group", 14, from_cells=70),
    Column("until", 11),
    Column("left", 6, right=True),
)
CARDS = (
    Column("card", 0),
    Column("says the CSMS", 13),
    Column("group", 14, from_cells=70),
    Column("until", 11),
    Column("from", 10),
)
SERVICE = (Column("where", 13), Column("the CSMS wants it", 17), Column("it is", 0))


def limits(
    look: Look, station: Callable[[], StationSnapshot | None], now: Callable[[], datetime]
) -> tuple[Tab, ...]:
    """The tabs of the sheet."""

    def page(make: Callable[[StationSnapshot, datetime, Look], Page]) -> Callable[[], Page]:
        def made() -> Page:
            seen = station()
            if seen is None:
                return Page(empty="The charge point is still starting.")
            return make(seen, now(), look)

        return made

    return (
        Tab("Limits", page(_limits)),
        Tab("Profiles", page(_profiles)),
        Tab("Reserved", page(_reserved)),
        Tab("Cards", page(_cards)),
        Tab("Service", page(_service)),
    )


def _head(columns: Sequence[Column], look: Look) -> Callable[[int], Sequence[Line]]:
    return lambda cells: [head_line(columns, cells, look.symbol("ellipsis"))]


def _drawn(columns: Sequence[Column], values: Sequence[Span], look: Look) -> Callable[[int], Line]:
    return lambda cells: in_columns(columns, values, cells, look.symbol("ellipsis"))


def _searched(values: Sequence[Span]) -> str:
    return " ".join(value.text for value in values)


def where(connector_id: int, station: StationSnapshot) -> str:
    """A place by the name that its OCPP has for it; 0 is the charge point as a whole."""
    return (
        wording_of(station.subprotocol).place_of(connector_id) if connector_id else "all together"
    )


def _moment(at: datetime | None, now: datetime) -> str:
    """A moment, with its day where that is not today."""
    if at is None:
        return ""
    local = at.astimezone()
    today = local.date() == now.astimezone().date()
    return local.strftime("%H:%M:%S" if today else "%m-%d %H:%M")


def _rate(limit: float, unit: str) -> str:
    """A limit in its unit, W as kW."""
    return text.kilowatts(limit) if unit == "W" else f"{limit:g} {unit}"


# -- limits ----------------------------------------------------------------------------------------


def _limits(station: StationSnapshot, now: datetime, look: Look) -> Page:
    composites = {one.connector_id: one for one in station.composites}
    of_all = [one for one in station.external_limits if not one.connector_id]
    lowest = min(of_all, key=lambda one: one.limit_w, default=None)
    items = [_limit_item(None, _counting(station.profile, lowest), station, now, look)]
    items += [
        _limit_item(one, _counting(one.profile, one.external, one), station, now, look)
        for one in station.connectors
    ]

    def detail(item: Item | None, cells: int) -> Sequence[Line]:
        number = item.value if item is not None and isinstance(item.value, int) else 0
        composite = composites.get(number)
        if composite is None:
            said = (
                "Nobody limits the power: the hardware alone does. A CSMS limits it by charging "
                "profiles (SetChargingProfile)."
            )
            if by_others := look.keys.names.get("external_limit"):
                said += f" An energy manager or the grid operator may, too ({by_others})."
            return [(Span(" "), Span(line, "muted")) for line in text.wrapped(said, cells - 2)]
        return [_chart_title(composite, station), *_chart(composite, now, cells, look)]

    return Page(items=items, head=_head(LIMITS, look), detail=detail, detail_rows=CHART_ROWS + 2)


def _chart_title(composite: CompositeSnapshot, station: StationSnapshot) -> Line:
    title = f" What is allowed from now on: {where(composite.connector_id, station)}"
    return (Span(title, "strong"), Span(" (composite schedule)", "muted"))


def _chart(composite: CompositeSnapshot, now: datetime, cells: int, look: Look) -> list[Line]:
    return steps_chart(composite.steps, composite.until, now, cells - 1, CHART_ROWS, look)


@dataclass(frozen=True)
class _Counting:
    """What holds the power down at a place, or would."""

    limit_w: float
    words: str
    until: datetime | None = None


def _counting(
    profile: ProfileSnapshot | None,
    external: ExternalLimit | None,
    connector: ConnectorSnapshot | None = None,
) -> _Counting | None:
    """Of a charging profile and what others allow: what binds this connector, else the lower."""
    found: dict[str, _Counting] = {}
    if profile:
        found["profile"] = _Counting(profile.limit_w, _profile_words(profile), profile.until)
    if external:
        found[external.whose] = _Counting(external.limit_w, _external_words(external, connector))
    if connector and connector.limited_by in found:
        return found[connector.limited_by]
    return min(found.values(), key=lambda one: one.limit_w, default=None)


def _profile_words(profile: ProfileSnapshot) -> str:
    words = f"{profile.purpose} {profile.profile_id}"
    return f"{words} ({profile.limit:g} A)" if profile.unit == "A" else words


def _external_words(limit: ExternalLimit, connector: ConnectorSnapshot | None) -> str:
    shared = ", all together" if connector and not limit.connector_id else ""
    critical = ", critical for the grid" if limit.grid_critical else ""
    return f"{limit.whose}{shared}{critical}"


def _limit_item(
    connector: ConnectorSnapshot | None,
    counts: _Counting | None,
    station: StationSnapshot,
    now: datetime,
    look: Look,
) -> Item:
    number = connector.connector_id if connector else 0
    power_w: float | None
    if connector:
        power_w = connector.power_w
    else:
        powers = [one.power_w for one in station.connectors]
        power_w = None if None in powers else sum(power or 0.0 for power in powers)
    binds = connector is not None and connector.limited_by in BINDING
    words = counts.words if counts else "the hardware alone"
    if counts and binds:
        words = f"limits: {words}"
    values = (
        Span(where(number, station), "strong"),
        Span(text.kilowatts(counts.limit_w) if counts else ""),
        Span(_moment(counts.until, now) if counts else "", "muted"),
        Span("" if power_w is None else text.kilowatts(power_w)),
        Span(text.plain(words, look.ascii), "warning" if binds else "text" if counts else "muted"),
    )
    return Item(_drawn(LIMITS, values, look), _searched(values), number, number)


# -- profiles --------------------------------------------------------------------------------------


def _profiles(station: StationSnapshot, now: datetime, look: Look) -> Page:
    counting = {one.profile.profile_id for one in station.connectors if one.profile}
    if station.profile:
        counting.add(station.profile.profile_id)
    return Page(
        items=[
            _profile_item(one, station, one.profile_id in counting, look)
            for one in station.profiles
        ],
        head=_head(PROFILES, look),
        empty=(
            "No charging profile is installed. A CSMS sets one with SetChargingProfile; its limits "
            "hold for a connector, for a session, or for the charge point as a whole."
        ),
        detail=lambda item, cells: _profile_told(item, now, cells, look),
        detail_rows=4,
    )


def _profile_item(
    one: InstalledProfile, station: StationSnapshot, counts: bool, look: Look
) -> Item:
    words = ", then ".join(_rate(limit, one.unit) for _, limit in one.periods)
    values = (
        Span("now" if counts else "", "success"),
        Span(str(one.profile_id), "strong"),
        Span(where(one.connector_id, station)),
        Span(text.plain(one.purpose, look.ascii)),
        Span(str(one.stack_level)),
        Span(text.plain(one.kind, look.ascii), "muted"),
        Span(words),
    )
    return Item(_drawn(PROFILES, values, look), _searched(values), one.profile_id, one)


def _profile_told(item: Item | None, now: datetime, cells: int, look: Look) -> list[Line]:
    if item is None or not isinstance(item.value, InstalledProfile):
        return []
    one = item.value
    kind = f"{one.kind}, {one.recurrency}" if one.recurrency else one.kind
    about = [f"{kind}{KINDS.get(one.kind, '')}"]
    if one.transaction_id is not None:
        about.append(f"of transaction {one.transaction_id} alone")
    if one.valid_from:
        about.append(f"valid from {_moment(one.valid_from, now)}")
    if one.valid_to:
        about.append(f"valid until {_moment(one.valid_to, now)}")
    if one.start_schedule:
        about.append(f"begins {_moment(one.start_schedule, now)}")
    if one.duration_s is not None:
        about.append(f"lasts {text.span_in_words(one.duration_s)}")
    steps = ", then ".join(
        f"{_rate(limit, one.unit)}{f' after {text.span_in_words(start_s)}' if start_s else ''}"
        for start_s, limit in one.periods
    )
    level = f"Stack level {one.stack_level}: the highest of one purpose counts"
    lines = text.wrapped(text.plain("; ".join(about), look.ascii), cells - 2)
    lines += text.wrapped(text.plain(steps, look.ascii), cells - 2)
    lines += text.wrapped(level, cells - 2)
    return [(Span(" "), Span(line)) for line in lines]


# -- reservations, cards, service ------------------------------------------------------------------


def _reserved(station: StationSnapshot, now: datetime, look: Look) -> Page:
    return Page(
        items=[_reservation_item(one, station, now, look) for one in station.reservations],
        head=_head(RESERVATIONS, look),
        empty=(
            "Nothing is reserved. A CSMS keeps a connector free for a card with ReserveNow, until "
            "it comes or the time is over."
        ),
    )


def _reservation_item(
    one: ReservationSnapshot, station: StationSnapshot, now: datetime, look: Look
) -> Item:
    left = text.short_span(text.seconds_left(one.until, now))
    values = (
        Span(str(one.reservation_id)),
        Span(where(one.connector_id, station) if one.connector_id else "whichever"),
        Span(text.plain(one.token, look.ascii), "strong"),
        Span(text.plain(one.group or "", look.ascii)),
        Span(_moment(one.until, now), "muted"),
        Span(left),
    )
    return Item(_drawn(RESERVATIONS, values, look), _searched(values), one.reservation_id, one)


def _cards(station: StationSnapshot, now: datetime, look: Look) -> Page:
    known = station.tokens
    rows = [("local list", one) for one in known.listed] + [("cache", one) for one in known.cached]
    listed = f"local list: {text.count(known.list_length, 'card')}"
    if known.list_length:
        listed += f", version {known.list_version}"
    if not known.list_counts:
        listed += ", switched off"
    cached = f"cache: {text.count(known.cache_length, 'card')}"
    if not known.cache_counts:
        cached += ", switched off"
    summary: Line = (Span(f" {listed}; {cached}", "muted"),)
    unseen = known.list_length + known.cache_length - len(rows)
    if unseen > 0:
        summary = (*summary, Span(f" ({unseen} not shown)", "muted"))
    return Page(
        items=[_card_item(source, one, now, look) for source, one in rows],
        head=lambda cells: [
            summary,
            head_line(CARDS, cells, look.symbol("ellipsis")),
        ],
        empty=(
            "No card is known yet. The CSMS sends a list of cards with SendLocalList, and what it "
            "says of a card when it is asked stays in the cache: with these the charge point can "
            "decide while the CSMS is away."
        ),
    )


def _card_item(source: str, one: TokenEntry, now: datetime, look: Look) -> Item:
    over = one.expires_at is not None and one.expires_at <= now
    status = "expired" if over else one.status
    values = (
        Span(text.plain(one.token, look.ascii), "strong"),
        Span(text.plain(status, look.ascii), "text" if status == "Accepted" else "warning"),
        Span(text.plain(one.group or "", look.ascii), "muted"),
        Span(_moment(one.expires_at, now), "muted"),
        Span(source, "muted"),
    )
    return Item(_drawn(CARDS, values, look), _searched(values), (source, one.token), one)


def _service(station: StationSnapshot, now: datetime, look: Look) -> Page:
    whole = (
        Span("charge point", "strong"),
        Span(*_wish(station.operative)),
        Span(text.plain(station.status, look.ascii)),
    )
    items = [Item(_drawn(SERVICE, whole, look), _searched(whole), 0)]
    for connector in station.connectors:
        status = text.plain(connector.status, look.ascii)
        if connector.scheduled_availability:
            goes = "out of service" if connector.scheduled_availability == "Inoperative" else "back"
            status += f", goes {goes} when the session is over"
        values = (
            Span(where(connector.connector_id, station), "strong"),
            Span(*_wish(connector.in_service)),
            Span(status, "warning" if connector.scheduled_availability else "text"),
        )
        items.append(Item(_drawn(SERVICE, values, look), _searched(values), connector.connector_id))
    return Page(items=items, head=_head(SERVICE, look))


def _wish(in_service: bool) -> tuple[str, str]:
    return ("in service", "text") if in_service else ("out of service", "warning")
