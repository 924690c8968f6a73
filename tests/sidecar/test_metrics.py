"""/metrics as Prometheus reads it: with the client library's own parser."""

from __future__ import annotations

import asyncio
import re

import httpx
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse

from sim_core.commands import (
    ClearFault,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Start,
    Stop,
)
from sim_core.sidecar.counters import StationCounts
from sim_core.sidecar.metrics import Metrics
from tests.harness import Harness
from tests.scripted_csms import CallError, Drop
from tests.sidecar.beside import beside

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]

NOT_BASE_UNITS = re.compile(r"_(ms|millis|kwh|wh|kw|percent|celsius|minutes|hours)(_|$)")


async def scrape(http: httpx.AsyncClient) -> Samples:
    text = (await http.get("/metrics")).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


async def test_names_types_and_help_are_as_prometheus_wants_them() -> None:
    async with beside() as here:
        await here.harness.submit(Plug(1))
        answer = await here.http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        families = list(parse(answer.text))
        names = [family.name for family in families]
        assert len(names) == len(set(names))
        for family in families:
            assert family.documentation, family.name
            assert re.fullmatch(r"chargeforge(_[a-z]+)+", family.name)
            assert not NOT_BASE_UNITS.search(family.name)
            assert family.type in ("counter", "gauge", "histogram")
            for sample in family.samples:
                if family.type == "counter":
                    assert sample.name == family.name + "_total"
                    assert sample.value >= 0
                elif family.type == "gauge":
                    assert not sample.name.endswith(("_total", "_count", "_sum", "_bucket"))


async def test_it_is_openmetrics_for_who_asks() -> None:
    async with beside() as here:
        answer = await here.http.get(
            "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        kinds = {family.name: family.type for family in parse_openmetrics(answer.text)}
        assert kinds["chargeforge_connector_status"] == "stateset"
        assert kinds["chargeforge_charge_point"] == "info"


async def test_a_session_in_numbers() -> None:
    async with beside() as here:
        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        await here.harness.advance(60)
        seen = await scrape(here.http)
        status = "chargeforge_connector_status"
        assert value(seen, status, connector="1", **{status: "Charging"}) == 1
        assert value(seen, status, connector="1", **{status: "Available"}) == 0
        assert value(seen, status, connector="0", **{status: "Available"}) == 1
        assert value(seen, "chargeforge_sessions_started_total", connector="1") == 1
        assert value(seen, "chargeforge_sessions_ended_total", connector="1") == 0
        assert value(seen, "chargeforge_session_active", connector="1") == 1
        here_now = here.harness.connector()
        assert value(seen, "chargeforge_energy_watthours_total", connector="1") == (
            here_now.register_wh
        )
        assert here_now.register_wh > 0
        assert value(seen, "chargeforge_power_watts", connector="1") == here_now.power_w > 0
        assert 0 < value(seen, "chargeforge_state_of_charge_ratio", connector="1") < 1
        assert ("chargeforge_state_of_charge_ratio", (("connector", "2"),)) not in seen
        sent = value(seen, "chargeforge_messages_total", action="MeterValues", direction="sent")
        assert sent == len(here.harness.csms.of("MeterValues"))
        count = value(seen, "chargeforge_call_latency_seconds_count", action="BootNotification")
        assert count == 1
        await here.harness.submit(Stop(1))
        assert (
            value(await scrape(here.http), "chargeforge_sessions_ended_total", connector="1") == 1
        )


async def test_counters_only_rise_over_a_restart_of_the_link() -> None:
    async with beside() as here:
        last: Samples = {}
        counters = ("_total", "_count", "_bucket", "_sum")

        async def look() -> Samples:
            nonlocal last
            now = await scrape(here.http)
            for key, before in last.items():
                if key[0].endswith(counters):
                    assert now[key] >= before, key
            last = now
            return now

        await here.harness.submit(Plug(1))
        await here.harness.submit(Start(1, "TAG"))
        await here.harness.advance(30)
        await look()
        await here.harness.submit(LinkDown())
        await here.harness.advance(120)
        offline = await look()
        assert value(offline, "chargeforge_link_up") == 0
        assert value(offline, "chargeforge_journal_messages") > 0
        assert value(offline, "chargeforge_journal_oldest_age_seconds") > 60
        await here.harness.submit(LinkUp())
        back = await look()
        assert value(back, "chargeforge_link_reconnects_total") == 1
        assert value(back, "chargeforge_errors_total", kind="link_lost") == 0
        assert value(back, "chargeforge_journal_oldest_age_seconds") == 0
        await here.harness.csms.cut()
        await here.harness.advance(60)
        again = await look()
        assert value(again, "chargeforge_link_reconnects_total") == 2
        assert value(again, "chargeforge_errors_total", kind="link_lost") == 1
        await here.harness.submit(PowerOff())
        await look()
        await here.harness.submit(PowerOn())
        await here.harness.settle()
        await look()
        await here.harness.submit(Stop(1))
        await look()


async def test_errors_by_kind() -> None:
    async with beside() as here:
        harness = here.harness
        await harness.submit(InjectFault(1))
        await harness.submit(ClearFault(1))
        await harness.submit(InjectFault(2, "OtherError"))
        harness.csms.script["Authorize"].append(CallError("InternalError"))
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.csms.send_text("nonsense")
        await harness.csms.ask_raw("NoSuchAction", {})
        await harness.settle()
        seen = await scrape(here.http)
        kinds = {
            key[1][0][1]: count
            for key, count in seen.items()
            if key[0] == "chargeforge_errors_total"
        }
        assert kinds == {
            "fault": 2,
            "link_lost": 0,
            "message_given_up": 0,
            "frame_not_understood": 1,
            "call_unanswered": 0,
            "call_error_received": 1,
            "call_error_sent": 1,
        }


async def test_a_call_without_an_answer_is_an_error_once() -> None:
    async with beside() as here:
        here.harness.csms.script["Authorize"].append(Drop())
        await here.harness.submit(Plug(1))
        asked = asyncio.ensure_future(here.harness.station.submit(Start(1, "TAG")))
        await here.harness.csms.next_call("Authorize")
        here.harness.csms.withheld.update(here.harness.station.link._endpoint.open_ids)  # type: ignore[union-attr]
        await here.harness.advance(31)
        await asked
        seen = await scrape(here.http)
        assert value(seen, "chargeforge_errors_total", kind="call_unanswered") == 1


async def test_names_from_the_wire_do_not_become_labels() -> None:
    async with beside() as here:
        for number in range(50):
            await here.harness.csms.ask_raw(f"Junk{number}\x1b[2J", {})
        text = (await here.http.get("/metrics")).text
        assert "Junk" not in text
        assert "\x1b" not in text
        seen = await scrape(here.http)
        asked = value(seen, "chargeforge_messages_total", action="other", direction="received")
        assert asked == 50


async def test_what_ran_before_the_sidecar_was_not_started_by_it() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        counts = StationCounts(harness.station)
        assert counts.started[1] == 0
        assert counts.connections == 1
        await harness.submit(Stop(1))
        assert (counts.started[1], counts.ended[1]) == (0, 1)
        text, _ = Metrics(harness.station, counts, "").exposition("")
        assert b'chargeforge_sessions_ended_total{connector="1"} 1.0' in text
