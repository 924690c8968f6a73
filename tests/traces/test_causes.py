"""What happened around a trace: causes read off their effects, online and without a link."""

from __future__ import annotations

import pytest

from sim_core.traces.causes.derivation import scene_of
from sim_core.traces.causes.scene import Act, Scene, Stimulus
from sim_core.traces.moments import S
from tests.traces.tales import Tale

Told = tuple[str, int | None, float]


def acts(tale: Tale, scene: Scene | None = None) -> list[Told]:
    """What happened, on which connector, and at which second; requests left out."""
    scene = scene or scene_of(tale.told())
    return [
        (s.act.value, s.connector, round((s.at - tale.at(0)) / S, 1))
        for s in (*scene.before, *scene.stimuli)
        if s.act is not Act.ASK
    ]


def only(tale: Tale, act: Act) -> Stimulus:
    """The one stimulus of a kind."""
    scene = scene_of(tale.told())
    (found,) = [s for s in (*scene.before, *scene.stimuli) if s.act is act]
    return found


@pytest.fixture
def tale() -> Tale:
    """A charger that has booted."""
    tale = Tale()
    tale.boots(0, "Available", "Available", "Available")
    return tale


def test_a_session_with_a_card(tale: Tale) -> None:
    began = tale.session(10)
    tale.sample(began + 100, 1, kwh=2.4, amperes=137, volts=436)
    tale.stop(began + 120, "Local", began=began)
    tale.status(began + 120.5, 1, "Finishing")
    tale.status(began + 140, 1, "Available")
    assert acts(tale) == [
        ("plug", 1, 10.0),
        ("swipe", 1, 12.0),
        ("swipe", 1, 158.4),
        ("unplug", 1, 178.4),
    ]
    assert only(tale, Act.PLUG).car is not None


@pytest.mark.parametrize(("reason", "act"), [("Other", "ev_stops"), ("Local", "swipe")])
def test_who_has_ended_it(tale: Tale, reason: str, act: str) -> None:
    began = tale.session(10)
    tale.stop(began + 60, reason, began=began)
    tale.status(began + 60.5, 1, "Finishing")
    assert acts(tale)[-1] == (act, 1, 98.4)


def test_an_end_that_the_csms_wanted_is_nobody_elses(tale: Tale) -> None:
    began = tale.session(10)
    tale.asks(began + 60, "RemoteStopTransaction", {"status": "Accepted"}, transactionId=7)
    tale.stop(began + 62.5, "Remote", began=began)
    assert [act for act, *_ in acts(tale)] == ["plug", "swipe"]


def test_a_cable_that_is_pulled_while_it_charges(tale: Tale) -> None:
    began = tale.session(10)
    tale.stop(began + 60, "EVDisconnected", began=began)
    tale.status(began + 60.6, 1, "Available")
    assert acts(tale)[-1] == ("unplug", 1, 98.4), "when it ended, not when that showed"


def test_a_cable_that_is_pulled_without_a_link(tale: Tale) -> None:
    began = tale.session(10)
    tale.sample(began + 30, 1, kwh=1.3, amperes=137)
    tale.boots(120, "Available", "Available", "Available")
    tale.stop(95, "EVDisconnected", began=began, told=124)
    assert ("unplug", 1, 95.0) in acts(tale)
    assert ("ev_stops", 1, 95.0) not in acts(tale)


def test_a_cable_that_is_pulled_without_a_link_and_nothing_else(tale: Tale) -> None:
    tale.status(10, 1, "Preparing")
    tale.boots(120, "Available", "Available", "Available")
    unplugged = [second for act, _, second in acts(tale) if act == "unplug"]
    assert len(unplugged) == 1
    assert 12 < unplugged[0] < 119


def test_a_vehicle_that_comes_without_a_link(tale: Tale) -> None:
    tale.boots(60, "Available", "Available", "Preparing")
    tale.mac(65, "VID:0000000000AB")
    plug = only(tale, Act.PLUG)
    assert plug.connector == 2
    assert round((plug.at - tale.at(0)) / S, 1) == 48.9, "16.1 s before its id was read"
    assert plug.car is not None
    assert plug.car.vid == "VID:0000000000AB"


def test_an_end_without_a_link_is_the_cars_as_online(tale: Tale) -> None:
    began = tale.session(10)
    tale.boots(120, "Available", "Finishing", "Available")
    tale.stop(100, "Other", began=began, told=124)
    assert ("ev_stops", 1, 100.0) in acts(tale)
    assert "unplug" not in [act for act, *_ in acts(tale)]


def test_a_request_that_nobody_heard_has_ended_it(tale: Tale) -> None:
    began = tale.session(10)
    tale.asks(began + 30, "RemoteStopTransaction", None, transactionId=7)
    tale.boots(120, "Available", "Finishing", "Available")
    tale.stop(began + 38, "Other", began=began, told=124)
    assert "ev_stops" not in [act for act, *_ in acts(tale)]


def test_a_process_that_restarts_in_mid_session(tale: Tale) -> None:
    began = tale.session(10)
    for second in (50, 60, 70):
        tale.sample(second, 1, kwh=1 + second / 100, amperes=137)
    boot = 105.0
    tale.sample(boot - 1.8, 1, kwh=1.9, amperes=137, told=boot + 1.2)
    tale.boots(boot, "Available", "Charging", "Available")
    tale.sample(boot + 8.2, 1, kwh=2.0, amperes=137)
    del began
    assert ("restart", None, 75.2) in acts(tale)
    assert "link_down" not in [act for act, *_ in acts(tale)]


def test_a_network_that_was_away_leaves_the_rhythm_alone(tale: Tale) -> None:
    tale.session(10)
    for second in (50, 60, 70):
        tale.sample(second, 1, kwh=1 + second / 100, amperes=137)
    for second in (80, 90, 100):
        tale.sample(second, 1, kwh=1 + second / 100, amperes=137, told=107 + second / 100)
    tale.boots(105, "Available", "Charging", "Available")
    what = [act for act, *_ in acts(tale)]
    assert "link_down" in what
    assert "link_up" in what
    assert "restart" not in what


def test_waiting_cars_that_say_who_they_are_again(tale: Tale) -> None:
    tale.status(10, 1, "Preparing")
    tale.mac(26, "VID:0000000000AB", "Blocked")
    tale.boots(70, "Available", "Preparing", "Available")
    tale.mac(73.3, "VID:0000000000AB", "Blocked")
    assert [act for act, *_ in acts(tale)] == ["plug", "restart"]


def test_a_car_that_could_not_say_before_who_it_is(tale: Tale) -> None:
    tale.status(10, 1, "Preparing")
    tale.boots(44, "Available", "Preparing", "Available")
    tale.mac(47.3, "VID:0000000000AB")
    assert [act for act, *_ in acts(tale)] == ["plug", "restart"]
    car = only(tale, Act.PLUG).car
    assert car is not None
    assert car.vid == "VID:0000000000AB"


@pytest.mark.parametrize("read_at", [36.0, 36.25])
def test_an_id_that_fits_two_vehicles_is_of_the_one_for_whom_no_card_was_read(
    tale: Tale, read_at: float
) -> None:
    tale.boots(0, "Available", "Available", "Available")
    tale.status(10, 1, "Preparing")
    tale.card(14, "CARD")
    tale.status(20, 2, "Preparing")
    tale.mac(read_at, "VID:0000000000AB", "Blocked")
    tale.start(38, 1, "CARD")
    plugs = [stimulus for stimulus in scene_of(tale.told()).stimuli if stimulus.act is Act.PLUG]
    vids = {plug.connector: plug.car.vid for plug in plugs if plug.car}
    assert vids[2] == "VID:0000000000AB"
    assert vids[1] != vids[2]
    assert not any(plug.car.late for plug in plugs if plug.car)


def test_the_mains_fail(tale: Tale) -> None:
    began = tale.session(10)
    tale.sample(began + 30, 1, kwh=1.4, amperes=137)
    tale.boots(160, "Available", "Charging", "Available")
    tale.stop(163, "PowerLoss", began=began)
    what = acts(tale)
    assert ("power_off", None, 71.1) in what or ("power_off", None, 70.0) in what
    assert [act for act, *_ in what if act.startswith(("power", "ev", "link"))] == [
        "power_off",
        "power_on",
    ]


def test_a_reset_is_no_cut(tale: Tale) -> None:
    tale.asks(20, "Reset", {"status": "Accepted"}, type="Hard")
    tale.boots(120, "Available", "Available", "Available")
    assert acts(tale) == []


def test_a_start_without_a_link(tale: Tale) -> None:
    tale.boots(120, "Available", "Charging", "Available")
    tale.start(70, 1, "CARD", told=124)
    what = acts(tale)
    assert ("plug", 1, 40.5) in what
    assert ("swipe", 1, 41.5) in what
    scene = scene_of(tale.told())
    assert scene.keys["LocalAuthorizeOffline"] == "true"
    assert scene.known_cards == ()


def test_a_start_without_a_link_of_a_card_that_is_known(tale: Tale) -> None:
    """The charger does not let strangers charge: it must have known the card."""
    keys = [{"key": "AllowOfflineTxForUnknownId", "readonly": False, "value": "false"}]
    tale.asks(5, "GetConfiguration", {"configurationKey": keys})
    tale.boots(120, "Available", "Charging", "Available")
    tale.start(70, 1, "CARD", told=124)
    scene = scene_of(tale.told())
    assert scene.known_cards == ("CARD",)
    assert scene.keys["AllowOfflineTxForUnknownId"] == "false"


def test_a_start_and_an_end_without_a_link_that_are_refused(tale: Tale) -> None:
    tale.boots(180, "Available", "Finishing", "Available")
    tale.start(70, 1, "CARD", -1, told=184)
    tale.start(70, 1, "CARD", 9, told=190)
    what = acts(tale)
    assert [act for act, *_ in what].count("ev_stops") == 1
    ended = next(second for act, _, second in what if act == "ev_stops")
    assert 70 < ended < 180
    assert [act for act, *_ in what].count("plug") == 1


def test_a_vehicle_that_gives_up(tale: Tale) -> None:
    tale.status(10, 1, "Preparing")
    tale.card(14, "CARD")
    tale.start(38.4, 1, "CARD")
    tale.status(39, 1, "Available")
    tale.status(40.3, 1, "Preparing")
    tale.stop(38.46, "Other", began=38.4, told=46)
    tale.status(90, 1, "Available")
    assert acts(tale) == [
        ("plug", 1, 10.0),
        ("swipe", 1, 13.0),
        ("ev_gives_up", 1, 34.4),
        ("unplug", 1, 90.0),
    ]


def test_a_vehicle_that_has_waited_too_long_is_the_chargers_own_affair(tale: Tale) -> None:
    tale.status(10, 1, "Preparing")
    tale.mac(26, "VID:0000000000AB", "Blocked")
    tale.card(70, "CARD")
    tale.start(70.6, 1, "CARD")
    tale.stop(70.66, "EVDisconnected", began=70.6, told=78)
    assert [act for act, *_ in acts(tale)] == ["plug", "swipe"]


def test_insulation_that_breaks_a_start_was_broken_before(tale: Tale) -> None:
    tale.status(10, 1, "Preparing")
    tale.card(14, "CARD")
    tale.status(38, 1, "Faulted", "83")
    tale.start(38.4, 1, "CARD")
    tale.status(41, 1, "Available")
    tale.stop(38.5, "Other", began=38.4, told=60)
    assert acts(tale) == [("plug", 1, 10.0), ("swipe", 1, 13.0), ("fault", 1, 30.4)]


def test_a_button_that_stops_both_guns(tale: Tale) -> None:
    tale.session(10)
    tale.status(100, 2, "Faulted", "85")
    tale.status(101.6, 1, "Faulted", "85")
    tale.status(101.6, 0, "Faulted", "85")
    tale.stop(101.4, "EmergencyStop", began=38.4)
    for connector in (0, 1, 2):
        tale.status(125, connector, "Available")
    what = acts(tale)
    assert ("fault", 1, 99.4) in what, "two seconds before its effect"
    assert ("clear", 1, 125.0) in what
    assert ("unplug", 1, 122.0) in what, "else it would not be free"


def test_a_door_that_is_open_at_the_boot() -> None:
    tale = Tale()
    tale.boots(0, "Faulted", "Faulted", "Faulted")
    told = scene_of(tale.told())
    assert [s.act for s in told.before] == [Act.FAULT]


def test_a_card_that_waits_for_a_plug_is_no_plug(tale: Tale) -> None:
    tale.card(10, "CARD")
    for second in (11, 21, 31):
        tale.status(second, 2, "Preparing")
    tale.status(71, 2, "Available")
    assert acts(tale) == [("swipe", 2, 9.0)]


def test_a_plug_that_no_status_tells(tale: Tale) -> None:
    tale.card(10, "CARD")
    tale.status(11, 1, "Preparing")
    tale.start(60, 1, "CARD")
    assert acts(tale) == [("swipe", 1, 9.0), ("plug", 1, 30.5)]


def test_what_the_csms_reads_of_the_configuration_is_what_it_was(tale: Tale) -> None:
    """A later sign of the contrary does not count: it would be told of the future."""
    keys = [{"key": "AutoCharge", "readonly": False, "value": "false"}]
    tale.asks(5, "GetConfiguration", {"configurationKey": keys})
    tale.status(10, 1, "Preparing")
    tale.mac(26, "VID:0000000000AB")
    assert scene_of(tale.told()).keys["AutoCharge"] == "false"


def test_a_configuration_that_nobody_has_read_shows_in_what_happens(tale: Tale) -> None:
    tale.status(10, 1, "Preparing")
    tale.mac(26, "VID:0000000000AB")
    assert scene_of(tale.told()).keys["AutoCharge"] == "true"


def test_the_mode_of_a_vehicle_is_the_vehicles() -> None:
    for second, late in ((16, False), (26, True)):
        tale = Tale()
        tale.status(0, 1, "Preparing")
        tale.mac(second, "VID:0000000000AB")
        tale.start(second + 12, 1, "VID:0000000000AB")
        car = only(tale, Act.PLUG).car
        assert car is not None
        assert (car.vid, car.late, car.late_s) == ("VID:0000000000AB", late, 0.0)


def test_two_vehicles_and_one_id() -> None:
    tale = Tale()
    tale.status(0, 2, "Preparing")
    tale.status(5, 1, "Preparing")
    tale.mac(21.2, "VID:0000000000AB")
    scene = scene_of(tale.told())
    cars = {s.connector: s.car for s in (*scene.before, *scene.stimuli) if s.act is Act.PLUG}
    assert cars[1] is not None
    assert cars[2] is not None
    assert (cars[1].vid, cars[2].vid) == ("VID:0000000000AB", None)


def test_what_a_vehicle_takes_is_read_where_nothing_else_bounds_it(tale: Tale) -> None:
    began = tale.session(10)
    tale.sample(began + 20, 1, kwh=1.01, amperes=20, volts=410)
    for n, second in enumerate((60, 90, 120)):
        tale.sample(began + second, 1, kwh=1.3 + n / 4, amperes=50, volts=400 + n)
    car = only(tale, Act.PLUG).car
    assert car is not None
    assert car.most_a == 50, "a current that stays while the voltage rises is its own limit"


def test_a_charging_profile_is_no_limit_of_the_vehicle(tale: Tale) -> None:
    began = tale.session(10)
    tale.asks(began + 40, "SetChargingProfile", {"status": "Accepted"}, connectorId=1)
    tale.sample(began + 80, 1, kwh=1.3, amperes=36, volts=400)
    car = only(tale, Act.PLUG).car
    assert car is not None
    assert (car.most_w, car.most_a) == (None, None)


def test_a_transaction_from_before_the_trace() -> None:
    tale = Tale()
    tale.sample(0, 1, 33, kwh=12.5, amperes=100)
    tale.stop(30, "Local", 33, began=-300)
    (earlier,) = scene_of(tale.told()).earlier
    assert (earlier.connector, earlier.transaction, earlier.id_tag) == (1, 33, "CARD")
    assert round((earlier.began - tale.at(0)) / S) == -300
    assert earlier.register_wh == 1000


def test_connectors_are_as_many_as_it_tells_of() -> None:
    for number in (1, 3):
        tale = Tale()
        tale.boots(0, *["Available"] * (number + 1))
        assert scene_of(tale.told()).connectors == number


def test_a_trace_without_a_clock_has_the_same_causes() -> None:
    told = []
    for clock in (True, False):
        tale = Tale(clock=clock)
        tale.boots(0, "Available", "Available", "Available")
        began = tale.session(10)
        tale.stop(began + 60, "Other", began=began)
        tale.status(began + 60.5, 1, "Finishing")
        told.append([(act, connector) for act, connector, _ in acts(tale)])
    assert told[0] == told[1]
