"""The words of the trade that stand on the screens, each explained to somebody who never met it.

Whoever asks for help gets those that are in sight first: they are found in what is drawn, so no
screen has to say which words it uses. A meaning supposes no other term that is not explained here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word and what it means, in a sentence or two."""

    name: str
    meaning: str
    also: tuple[str, ...] = ()
    """What else it is written as."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Everything by which it is recognised."""
        return (self.name, *self.also)


TERMS: tuple[Term, ...] = (
    # -- who talks to whom
    Term(
        "charge point",
        "The charger at the roadside: one box with one connector or several. Here it is simulated.",
        ("charging station", "charger"),
    ),
    Term(
        "CSMS",
        "The operator's server that chargers report to and that steers them (charging station "
        "management system, also called central system or backend).",
    ),
    Term("OCPP", "The language between charge point and CSMS: JSON messages over a WebSocket."),
    Term(
        "CPID",
        "The name by which the CSMS knows this charge point; the last part of the URL it dials.",
        ("identity",),
    ),
    Term(
        "online",
        "The WebSocket to the CSMS is open. Accepted behind it: the CSMS has taken the charge "
        "point in, so it may report.",
    ),
    Term(
        "offline",
        "There is no link to the CSMS. Charging goes on; what must be told waits in the journal.",
    ),
    Term(
        "BootNotification",
        "The first message on a new link: who the charge point is. The CSMS answers Accepted, "
        "Pending (wait) or Rejected (ask again later).",
        ("boot",),
    ),
    Term(
        "Heartbeat",
        "The message that says the charge point is alive. In the bar on top a figure counts down "
        "to the next one.",
    ),
    Term(
        "unsent",
        "Messages about charging that the CSMS has not answered yet. They are sent in order, and "
        "none is forgotten.",
        ("all sent", "queued"),
    ),
    Term(
        "journal",
        "The list on disk of transaction messages that the CSMS has not answered: it survives a "
        "power cut.",
    ),
    Term(
        "security profile",
        "What protects the link: 0 nothing, 1 a password, 2 TLS and a password, 3 TLS and a "
        "client certificate.",
        ("profile 0", "profile 1", "profile 2", "profile 3"),
    ),
    Term(
        "AuthorizationKey",
        "The password by which the charge point gets in at the CSMS; never shown.",
    ),
    # -- the hardware
    Term(
        "connector",
        "One cable or socket of the charge point. Numbered from 1; connector 0 is the charge "
        "point as a whole.",
    ),
    Term(
        "EVSE",
        "The part of a charger that serves one vehicle at a time (electric vehicle supply "
        "equipment). In OCPP 2.0.1 it has the connectors; in 1.6 it is the connector's side.",
    ),
    Term("EV", "The electric vehicle."),
    Term("cabinet", "The power of the whole box, which its connectors share."),
    Term("rated power", "The most that a connector can ever give."),
    Term(
        "ramp",
        "Power does not jump: it rises and falls by so many kW a second. While it does, the ramp "
        "is what limits it.",
        ("ramping", "ramping up", "ramping down"),
    ),
    Term(
        "limited by",
        "What keeps the power from being higher just now: the vehicle, the ramp, the cabinet, a "
        "charging profile, an energy manager, the grid operator.",
    ),
    Term("SoC", "State of charge: how full the vehicle's battery is, in percent."),
    Term(
        "taper",
        "A battery that is nearly full takes less and less: the curve of the power bends down.",
    ),
    Term(
        "register",
        "The energy meter of a connector: all Wh that have ever passed. It only goes up.",
        ("meterStart", "meterStop"),
    ),
    Term("kWh", "Energy: what is paid for. An hour at 1 kW is 1 kWh."),
    Term("kW", "Power: how fast energy flows. An hour at 22 kW makes 22 kWh."),
    # -- a session
    Term(
        "transaction",
        "One charging session as the CSMS books it, from start to stop. Its number is its id.",
        ("tx", "no tx", "transactionId"),
    ),
    Term("session", "One visit of a vehicle: plugged in, charged, unplugged."),
    Term(
        "idTag",
        "The number of a card or app by which a driver is known. The CSMS says whether it may "
        "charge.",
        ("idToken", "card", "parentIdTag"),
    ),
    Term("VID", "A card number that is the vehicle's own identity (Autocharge): no card is shown."),
    Term(
        "Authorize",
        "May this card charge? The CSMS answers Accepted, Blocked, Expired, Invalid or "
        "ConcurrentTx (it charges elsewhere already).",
        ("Blocked", "Expired", "ConcurrentTx"),
    ),
    Term(
        "local list",
        "Cards that the CSMS has sent beforehand, so that they are known without a link.",
        ("LocalAuthList", "LocalAuthListEnabled"),
    ),
    Term(
        "cache",
        "Cards that the CSMS has accepted before, remembered by the charge point.",
        ("AuthorizationCache",),
    ),
    Term(
        "RemoteStartTransaction",
        "The CSMS asks to start charging, because somebody pressed a button in an app "
        "(RequestStartTransaction in OCPP 2.0.1).",
        ("RequestStartTransaction", "RemoteStopTransaction", "RequestStopTransaction"),
    ),
    Term(
        "reason",
        "Why a transaction ended: Local (the driver, at the charger), Remote (the CSMS, from "
        "afar), EVDisconnected (unplugged), PowerLoss (the mains failed), DeAuthorized (the card "
        "was refused afterwards), Reboot, and Other (none of these: the vehicle itself, say).",
        ("ended by", "stoppedReason", "EVDisconnected", "DeAuthorized", "PowerLoss"),
    ),
    Term(
        "reservation",
        "A connector is kept for one card until a certain time.",
        ("Reserved", "ReserveNow"),
    ),
    # -- states
    Term("Available", "Free: a vehicle may come."),
    Term(
        "Preparing",
        "Something is missing still: a card, the cable, or the answer of the CSMS.",
    ),
    Term("Charging", "Energy flows."),
    Term(
        "SuspendedEV",
        "The vehicle pauses (it is full, or waits); the transaction goes on.",
    ),
    Term("SuspendedEVSE", "The charger pauses, or may give nothing; the transaction goes on."),
    Term("Finishing", "The transaction is over, the cable is still in."),
    Term("Unavailable", "Out of service: nobody can charge here."),
    Term("Faulted", "Something is broken; until it is mended nobody can charge here."),
    Term("Occupied", "A vehicle or a card is there (OCPP 2.0.1 says no more than that)."),
    # -- messages
    Term(
        "exchange",
        "A request and its answer, as one row: what was asked, what was answered, how long it "
        "took.",
    ),
    Term("frame", "One message as it is on the wire, letter by letter."),
    Term(
        "CALL",
        "A request; it is answered by a CALLRESULT, or by a CALLERROR where it was not understood "
        "or could not be done.",
        ("CALLRESULT", "CALLERROR"),
    ),
    Term(
        "fault on the wire",
        "Something done to messages on purpose, by a rule: dropped, delayed, doubled, cut off …; "
        "the row of each says what was done to it.",
        ("faults on the wire", "wire fault"),
    ),
    Term(
        "breakpoint",
        "A rule that holds a message on its way until you let it go, edited or not, or drop it.",
    ),
    Term("MeterValues", "What the meter reads at a connector, sent every so many seconds."),
    Term("StatusNotification", "In which state a connector is now."),
    Term("StartTransaction", "A transaction has begun; the CSMS answers with its number."),
    Term("StopTransaction", "A transaction has ended: the meter, the time, and why."),
    Term(
        "TransactionEvent",
        "OCPP 2.0.1 tells a transaction by these: Started, Updated as often as needed, Ended.",
    ),
    Term("measurand", "What is measured: energy, power, voltage, current, SoC, temperature."),
    Term("Accepted", "Yes: it is allowed, or it will be done."),
    Term("Rejected", "No: it is refused."),
    # -- steering
    Term(
        "charging profile",
        "A limit on power that the CSMS sets, over time: for the whole charger, a connector or "
        "one transaction.",
        ("SetChargingProfile", "TxProfile", "TxDefaultProfile", "ChargePointMaxProfile"),
    ),
    Term(
        "stack",
        "Of two charging profiles for the same purpose the one with the higher stack level counts.",
        ("stackLevel", "stack level"),
    ),
    Term("composite", "What all charging profiles together allow, over time."),
    Term(
        "external limit",
        "A limit on power that does not come from the CSMS: of an energy manager in the building, "
        "or of the grid operator. OCPP 2.0.1 tells the CSMS of it.",
        ("NotifyChargingLimit", "ClearedChargingLimit", "energy manager", "grid operator"),
    ),
    Term(
        "availability",
        "Whether a connector is in service. The CSMS can take it out (Inoperative) and back "
        "(Operative); a session is let to end first.",
        ("ChangeAvailability", "Operative", "Inoperative"),
    ),
    Term(
        "configuration key",
        "A setting of the charge point that the CSMS can read and set (OCPP 2.0.1: a variable of "
        "a component).",
        ("configuration", "ChangeConfiguration", "variable", "component"),
    ),
    Term(
        "Reset",
        "The CSMS asks for a reboot: soft lets transactions end in order, hard just restarts.",
    ),
    Term("diagnostics", "A log file that the CSMS asks the charge point to upload."),
    Term("firmware", "The charger's program. The CSMS can have a new one loaded and installed."),
    # -- of this program
    Term(
        "quirk",
        "A habit of one make that differs from what OCPP has in mind; a CSMS has to live with it.",
        ("quirks",),
    ),
    Term("model", "Which make of charger is played: its figures, its words, its quirks."),
    Term("twin", "A simulated charger beside a real one, to see where the two differ."),
    Term("bedside", "Standing between a real charger and its CSMS: all is passed on and shown."),
    Term("sidecar", "The charge point's own HTTP port: what keys do here, programs can do there."),
    Term("recording", "What was done here, with its times; it can be played again."),
    Term(
        "time scale",
        "How many times as fast as the clock on the wall it all goes; in the demo 20 times.",
        ("times as fast",),
    ),
)


def _pattern(spelling: str) -> str:
    """What is short and in capitals is a word only as it is written; others in any case, and with
    an s behind them."""
    exact = re.escape(spelling)
    return exact if spelling.isupper() and len(spelling) < 5 else f"(?i:{exact}s?)"


_SEEN: tuple[tuple[Term, re.Pattern[str]], ...] = tuple(
    (term, re.compile(rf"(?<![\w-])(?:{'|'.join(map(_pattern, term.spellings))})(?![\w-])"))
    for term in TERMS
)


def terms_in(said: str) -> list[Term]:
    """The terms that stand in a text, in the order in which it says them."""
    found = [(seen.start(), term) for term, known in _SEEN if (seen := known.search(said))]
    return [term for _, term in sorted(found, key=lambda one: one[0])]
