"""What happens to a charger, in scenes that between them bring out every habit.

A scene is what somebody does at the charger and what its CSMS asks, by the second; what the charger
makes of it is played. Each is as short as the habits that show in it let it be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sim_core.traces.causes.scene import Act, Car, Scene, Stimulus
from sim_core.traces.exchanges import Conversation
from sim_core.twin.play import Make, play
from tests.traces.tales import ACCEPTED, Tale

CARD, OTHER_CARD = "CARD", "OTHER"
ANSWERED_AFTER_S = 0.1
OFTEN = 12
"""The CSMS answers so many frames of a kind as late as one across a network does."""
VISIT_S = 180
"""From one vehicle to the next, where many come."""


class Script:
    """A scene that is being written. Seconds count from the boot."""

    def __init__(self, *, seconds: float, interval: int = 600, every: int = 10) -> None:
        """It lasts so many `seconds`; heartbeats and samples come `every` so many."""
        self.tale = Tale()
        self.seconds = seconds
        self.keys = {"MeterValueSampleInterval": str(every)}
        self.registers_wh: dict[int, float] = {}
        self.stimuli: list[Stimulus] = []
        answer = {"currentTime": self.tale.stamp(0), "interval": interval, "status": "Accepted"}
        self.tale.says(0, "BootNotification", {"chargePointVendor": "X"}, answer, late_s=0)
        self._answers()

    def _answers(self) -> None:
        """What it says is answered a moment later, whenever it is said."""
        tale = self.tale
        for connector in (0, 1, 2):
            for status in ("Available", "Preparing", "Charging", "Finishing", "Faulted"):
                for _ in range(OFTEN):
                    tale.says(0, "StatusNotification", _status(connector, status), {}, late_s=0)
        for tag in (CARD, OTHER_CARD):
            for _ in range(OFTEN):
                tale.says(0, "Authorize", {"idTag": tag}, ACCEPTED, late_s=0)

    def does(
        self, second: float, act: Act, connector: int | None = 1, detail: str = "", **more: Any
    ) -> Script:
        """Somebody does something."""
        at = self.tale.at(second)
        car = more.pop("car", Car() if act is Act.PLUG else None)
        self.stimuli.append(Stimulus(at, act, connector, detail, car))
        return self

    def asks(self, second: float, action: str, **payload: Any) -> Script:
        """The CSMS asks something."""
        self.tale.asks(second, action, {"status": "Accepted"}, **payload)
        return self

    def visit(
        self, at: float = 10, connector: int = 1, *, long: float = 90, tag: str = CARD
    ) -> float:
        """A vehicle comes, a card lets it charge and ends it; returns when it has gone."""
        self.does(at, Act.PLUG, connector).does(at + 3, Act.SWIPE, connector, tag)
        end = at + 29 + long
        self.does(end, Act.SWIPE, connector, tag).does(end + 15, Act.UNPLUG, connector)
        return end + 15

    @property
    def cuts(self) -> list[datetime]:
        """When the link goes."""
        return [s.at for s in self.stimuli if s.act in (Act.LINK_DOWN, Act.RESTART, Act.POWER_OFF)]

    def played(self, make: Make, seed: int) -> Conversation:
        """What a charger of this make says to it."""
        told = self.tale.told()
        scene = Scene(told.exchanges[0].at, boots=True, connectors=2, keys=dict(self.keys))
        scene.registers_wh = dict(self.registers_wh)
        asked = [Stimulus(e.at, Act.ASK, e.connector, request=e) for e in told.asked]
        scene.stimuli = sorted([*self.stimuli, *asked], key=lambda stimulus: stimulus.at)
        return play(told, scene, make, seed, self.tale.at(self.seconds)).said


def _status(connector: int, status: str) -> dict[str, Any]:
    return {"connectorId": connector, "status": status, "errorCode": "NoError"}


def a_visit() -> Script:
    """A boot, and a card that begins and ends a transaction."""
    script = Script(seconds=190)
    script.visit()
    return script


def a_slow_visit() -> Script:
    """One that is sampled every minute."""
    script = Script(seconds=400, every=60)
    script.visit(long=300)
    return script


def idle_hours() -> Script:
    """Nobody comes for more than an hour."""
    return Script(seconds=4300)


def clock_samples() -> Script:
    """Samples by the clock, while nobody comes and in a transaction."""
    script = Script(seconds=1000)
    script.keys["ClockAlignedDataInterval"] = "300"
    script.visit(500, long=300)
    return script


def a_reservation() -> Script:
    """A connector is reserved, freed, and put out of service and back."""
    script = Script(seconds=160)
    script.asks(10, "ReserveNow", **_reservation(script))
    script.asks(40, "CancelReservation", reservationId=1)
    script.asks(70, "ChangeAvailability", connectorId=2, type="Inoperative")
    return script.asks(100, "ChangeAvailability", connectorId=2, type="Operative")


def _reservation(script: Script) -> dict[str, Any]:
    expires = script.tale.stamp(900)
    return {"connectorId": 1, "idTag": CARD, "reservationId": 1, "expiryDate": expires}


def a_stranger_at_a_reserved_connector() -> Script:
    """Somebody plugs in and leaves where another is expected."""
    script = Script(seconds=120).asks(10, "ReserveNow", **_reservation(Script(seconds=1)))
    return script.does(30, Act.PLUG).does(60, Act.UNPLUG)


def own_id() -> Script:
    """A vehicle says itself who it is, and ends its session itself."""
    script = Script(seconds=220)
    script.keys["AutoCharge"] = "true"
    script.does(20, Act.PLUG, 1, car=Car(vid="VID:0000000000AB"))
    return script.does(140, Act.EV_STOPS).does(170, Act.UNPLUG)


def a_late_card() -> Script:
    """A vehicle waits for minutes until a card lets it charge."""
    script = Script(seconds=400)
    script.does(20, Act.PLUG).does(260, Act.SWIPE, 1, CARD)
    return script.does(340, Act.UNPLUG)


def another_card() -> Script:
    """In the middle of a transaction somebody else holds a card before the reader."""
    script = Script(seconds=200)
    script.does(20, Act.PLUG).does(23, Act.SWIPE, 1, CARD)
    script.does(30, Act.PLUG, 2).does(33, Act.SWIPE, 2, CARD)
    script.does(100, Act.SWIPE, 1, OTHER_CARD)
    script.does(130, Act.EV_STOPS, 2).does(140, Act.EV_STOPS, 1)
    return script.does(160, Act.UNPLUG, 1).does(165, Act.UNPLUG, 2)


def the_red_button() -> Script:
    """It is pressed while a vehicle charges, and released."""
    script = Script(seconds=220)
    script.does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD).does(100, Act.FAULT, 1, "85")
    return script.does(140, Act.UNPLUG).does(150, Act.CLEAR, 1)


def bad_insulation() -> Script:
    """It is found while a vehicle starts."""
    script = Script(seconds=160)
    script.does(8, Act.FAULT, 1, "83").does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD)
    return script.does(110, Act.UNPLUG)


def two_at_once() -> Script:
    """Two vehicles share what there is."""
    script = Script(seconds=480, every=30)
    script.does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD)
    script.does(60, Act.PLUG, 2).does(63, Act.SWIPE, 2, OTHER_CARD)
    script.does(300, Act.EV_STOPS, 2).does(320, Act.UNPLUG, 2)
    return script.does(420, Act.EV_STOPS, 1).does(440, Act.UNPLUG, 1)


def a_second_gun_from_afar() -> Script:
    """While one vehicle charges, another is started by the CSMS."""
    script = Script(seconds=420)
    script.does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD).does(70, Act.PLUG, 2)
    script.asks(90, "RemoteStartTransaction", connectorId=2, idTag=OTHER_CARD)
    script.does(330, Act.EV_STOPS, 1).does(335, Act.EV_STOPS, 2)
    return script.does(360, Act.UNPLUG, 1).does(365, Act.UNPLUG, 2)


def a_power_cut() -> Script:
    """The mains fail while a vehicle charges."""
    script = Script(seconds=300)
    script.does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD)
    script.does(100, Act.POWER_OFF, None).does(150, Act.POWER_ON, None)
    return script.does(240, Act.UNPLUG)


def an_outage() -> Script:
    """The network is away while a vehicle charges on either connector."""
    script = Script(seconds=330)
    script.does(10, Act.PLUG, 2).does(13, Act.SWIPE, 2, CARD)
    script.does(100, Act.LINK_DOWN, None).does(180, Act.LINK_UP, None)
    return script.does(270, Act.EV_STOPS, 2).does(300, Act.UNPLUG, 2)


def a_restart() -> Script:
    """The process in the charger restarts while one vehicle charges and another waits."""
    script = Script(seconds=400)
    script.keys["AutoCharge"] = "true"
    script.does(10, Act.PLUG, 1).does(13, Act.SWIPE, 1, CARD)
    script.does(20, Act.PLUG, 2, car=Car(vid="VID:0000000000CD"))
    refused = {"idTagInfo": {"status": "Blocked"}}
    for _ in range(OFTEN):
        script.tale.says(0, "Authorize", {"idTag": "VID:0000000000CD"}, refused, late_s=0)
    script.does(120, Act.RESTART, None)
    return script.does(340, Act.EV_STOPS, 1).does(370, Act.UNPLUG, 1)


def a_visit_without_a_link() -> Script:
    """A transaction begins and ends while nobody hears of it, and the CSMS refuses its start."""
    script = Script(seconds=420)
    script.keys |= {"LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "true"}
    refused = {"transactionId": -1, "idTagInfo": {"status": "Invalid"}}
    start = {"connectorId": 1, "idTag": CARD}
    script.tale.says(0, "StartTransaction", start, refused, late_s=0)
    script.does(20, Act.LINK_DOWN, None).does(30, Act.PLUG).does(33, Act.SWIPE, 1, CARD)
    script.does(150, Act.EV_STOPS).does(220, Act.LINK_UP, None)
    return script.does(330, Act.UNPLUG)


def starts_from_afar() -> Script:
    """Two in the same moment, and one of a card that waits for a vehicle."""
    script = Script(seconds=330)
    script.does(10, Act.PLUG)
    script.asks(14, "RemoteStartTransaction", connectorId=1, idTag=CARD)
    script.asks(14.8, "RemoteStartTransaction", connectorId=1, idTag=CARD)
    script.does(100, Act.EV_STOPS).does(120, Act.UNPLUG)
    script.does(180, Act.SWIPE, 2, CARD)
    return script


def a_hard_reset() -> Script:
    """While a vehicle charges."""
    script = Script(seconds=330)
    script.does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD)
    return script.asks(110, "Reset", type="Hard").does(290, Act.UNPLUG)


def another_heartbeat() -> Script:
    """The interval of the heartbeats is changed in mid-interval."""
    script = Script(seconds=900, interval=3600)
    return script.asks(100, "ChangeConfiguration", key="HeartbeatInterval", value="300")


def a_limit() -> Script:
    """A charging profile bounds a session to its end."""
    script = Script(seconds=260)
    script.does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD)
    script.asks(80, "SetChargingProfile", connectorId=1, csChargingProfiles=_profile(30_000))
    return script.does(200, Act.EV_STOPS).does(230, Act.UNPLUG)


def a_pause() -> Script:
    """A charging profile lets nothing flow for a while."""
    script = Script(seconds=300)
    script.does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD)
    script.asks(80, "SetChargingProfile", connectorId=1, csChargingProfiles=_profile(0))
    script.asks(150, "ClearChargingProfile", id=1)
    return script.does(230, Act.EV_STOPS).does(260, Act.UNPLUG)


def _profile(watts: int) -> dict[str, Any]:
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": watts}],
        },
    }


def files() -> Script:
    """The CSMS wants a log, and gives another firmware; and reads the configuration."""
    script = Script(seconds=400).asks(10, "GetDiagnostics", location="ftp://example.com/log")
    script.asks(30, "GetConfiguration")
    begin = script.tale.stamp(100)
    return script.asks(
        60, "UpdateFirmware", location="ftp://example.com/firmware.bin", retrieveDate=begin
    )


def a_lost_sample() -> Script:
    """The CSMS does not answer one sample."""
    script = Script(seconds=260)
    sample = {"connectorId": 1, "meterValue": [{"sampledValue": [{"value": "1"}]}]}
    periodic = {"value": "1", "context": "Sample.Periodic"}
    sample["meterValue"] = [{"timestamp": script.tale.stamp(0), "sampledValue": [periodic]}]
    script.tale.put(0, script.tale.frames[0][1].sent_by, 2, "lost", "MeterValues", sample)
    script.visit(long=170)
    return script


def a_stop_that_nobody_hears() -> Script:
    """The link goes between a RemoteStopTransaction and its answer."""
    script = Script(seconds=300)
    script.does(10, Act.PLUG).does(13, Act.SWIPE, 1, CARD)
    script.asks(100, "RemoteStopTransaction", transactionId=1_000_000)
    script.does(100.5, Act.LINK_DOWN, None).does(150, Act.LINK_UP, None)
    return script.does(240, Act.UNPLUG)


def a_cancelled_reservation() -> Script:
    """Somebody has plugged in where another was expected, and still stands there when nobody is
    expected any more."""
    script = Script(seconds=160).asks(10, "ReserveNow", **_reservation(Script(seconds=1)))
    script.does(30, Act.PLUG).asks(70, "CancelReservation", reservationId=1)
    return script.does(110, Act.UNPLUG)


def _visits(count: int) -> Script:
    """So many short ones, with a rest after each."""
    script = Script(seconds=20 + count * VISIT_S)
    for number in range(count):
        script.visit(10 + number * VISIT_S, 1 + number % 2, long=40)
    return script


def some_visits() -> Script:
    """So many that what a charger always does is no chance."""
    return _visits(8)


def dozens_of_visits() -> Script:
    """So many that what it does every fourth time shows."""
    return _visits(40)


def many_visits() -> Script:
    """So many that what it does now and then shows."""
    return _visits(150)


def a_meter_past_256_kwh() -> Script:
    """Registers of which every fourth is a number of kWh that no float holds exactly."""
    script = _visits(16)
    script.registers_wh = {1: 256_000.0, 2: 256_000.0}
    return script


def second_guns_from_afar() -> Script:
    """While one vehicle charges for an hour, many others are started by the CSMS, and leave."""
    count, every_s = 30, 120
    script = Script(seconds=200 + count * every_s, every=30)
    slow = Car(soc_percent=10.0, battery_wh=150_000.0, most_w=12_000.0)
    script.does(10, Act.PLUG, car=slow).does(13, Act.SWIPE, 1, CARD)
    for number in range(count):
        came = 100 + number * every_s
        script.does(came, Act.PLUG, 2)
        script.asks(came + 10, "RemoteStartTransaction", connectorId=2, idTag=OTHER_CARD)
        script.does(came + 60, Act.EV_STOPS, 2).does(came + 75, Act.UNPLUG, 2)
    end = 100 + count * every_s
    return script.does(end + 40, Act.EV_STOPS).does(end + 60, Act.UNPLUG)


SCENES: Mapping[str, Callable[[], Script]] = {
    scene.__name__.replace("_", " "): scene
    for scene in (
        a_visit,
        a_slow_visit,
        idle_hours,
        clock_samples,
        a_reservation,
        a_stranger_at_a_reserved_connector,
        own_id,
        a_late_card,
        another_card,
        the_red_button,
        bad_insulation,
        two_at_once,
        a_second_gun_from_afar,
        a_power_cut,
        an_outage,
        a_restart,
        a_visit_without_a_link,
        starts_from_afar,
        a_hard_reset,
        another_heartbeat,
        a_limit,
        a_pause,
        files,
        a_lost_sample,
        a_stop_that_nobody_hears,
        a_cancelled_reservation,
        some_visits,
        dozens_of_visits,
        a_meter_past_256_kwh,
        second_guns_from_afar,
        many_visits,
    )
}
"""All of them by their names."""
