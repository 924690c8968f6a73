"""The pytest plugin as somebody uses it who has a CSMS and tests of it: in a process of its own."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from sim_core.testbench import pytest_plugin
from tests.documents import printed_in

pytest_plugins = ["pytester"]

SMALL_CSMS = """
import asyncio, json, threading
import pytest, pytest_asyncio
from websockets.asyncio.server import serve

NOW = "2026-01-05T08:00:00Z"
ANSWERS = {
    "BootNotification": {"status": "Accepted", "currentTime": NOW, "interval": 300},
    "Heartbeat": {"currentTime": NOW},
    "Authorize": {"idTagInfo": {"status": "Accepted"}},
    "StartTransaction": {"transactionId": 7, "idTagInfo": {"status": "Accepted"}},
}

async def answer(connection):
    async for frame in connection:
        kind, message_id, action, payload = json.loads(frame)
        await connection.send(json.dumps([3, message_id, ANSWERS.get(action, {})]))

@pytest.fixture(scope="session")
def threaded():
    ready, found = threading.Event(), []
    async def run():
        async with serve(answer, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
            found.append(next(iter(server.sockets)).getsockname()[1])
            found.append(asyncio.get_running_loop())
            found.append(asyncio.Event())
            ready.set()
            await found[2].wait()
    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    ready.wait(5)
    yield f"ws://127.0.0.1:{found[0]}/ocpp"
    found[1].call_soon_threadsafe(found[2].set)
    thread.join()

@pytest.fixture
def csms_url(threaded):
    return threaded
"""

BLOCKING = """
import pytest

@pytest.mark.chargeforge(model="generic", connectors=1)
def test_a_session(charge_point):
    charge_point.plug(1)
    charge_point.swipe(1, "CARD")
    start = charge_point.expect("StartTransaction", idTag="CARD", connectorId=1)
    assert start.answer["transactionId"] == 7
    assert len(charge_point.snapshot.connectors) == 1
    assert charge_point.status(1, "Charging").transaction.transaction_id == 7
    charge_point.local_stop(1)
    charge_point.expect("StopTransaction", transactionId=7, reason="Local", answer={})
    charge_point.never("StartTransaction", within=0.05)
    charge_point.wait(0.01)
    charge_point.silent()
    charge_point.online()
    charge_point.ready(within=5)

def test_two_of_them(charge_points):
    first, second = charge_points(), charge_points("NAMED")
    assert (first.id != second.id, second.id) == (True, "NAMED")
    first.expect("BootNotification")
    second.expect("BootNotification")

def test_what_never_comes(charge_point):
    charge_point.expect("StartTransaction", within=0.2)

def test_what_is_refused(charge_point):
    charge_point.local_stop(1)

def test_what_there_is_not(charge_point, charge_points):
    with pytest.raises(AttributeError, match="a charge point has no 'plugg'"):
        charge_point.plugg(1)
    with pytest.raises(ValueError, match="no 'StartTransacton': did you mean StartTransaction?"):
        charge_point.expect("StartTransacton")
    with pytest.raises(ValueError, match="no option 'modell': did you mean model?"):
        charge_points(modell="generic")
    with pytest.raises(ValueError, match="CONNECTORS"):
        charge_points(connectors="x")

@pytest.fixture
def charging(charge_point):
    charge_point.status(1, "Charging", within=0.05)

def test_what_fails_before_it_begins(charging):
    pass
"""

AWAITING = """
import pytest_asyncio
from conftest import answer, serve

@pytest_asyncio.fixture
async def csms_url():
    async with serve(answer, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ocpp"

async def test_a_session(charge_point):
    await charge_point.plug(1)
    await charge_point.swipe(1, "CARD")
    start = await charge_point.expect("StartTransaction", idTag="CARD")
    assert start.answer["transactionId"] == 7
"""


PLUGINS = ("no:cacheprovider", "pytest_asyncio.plugin", pytest_plugin.__name__)


def test_tests_of_a_csms_use_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeini("[pytest]\nasyncio_mode = auto\n")
    pytester.makeconftest(SMALL_CSMS)
    page = printed_in("own-tests.md")["test_session.py"]
    pytester.makepyfile(test_blocking=BLOCKING, test_awaiting=AWAITING, test_page=page)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the others take seconds to load
    result = pytester.runpytest_subprocess("-q", *(f"-p{name}" for name in PLUGINS))
    result.assert_outcomes(passed=5, failed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*expected StartTransaction: it does not come within 0.2 s*",
            "*- charge point CP-gw*",
            "*BootNotification*",
        ]
    )
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at setup of test_what_fails_before_it_begins _*",
            ">*charge_point.status(1*",
            "E*AssertionError: connector 1 is not Charging within 0.05 s: it is *",
            "*- charge point CP-gw*",
            "*_ test_what_is_refused _*",
            ">*charge_point.local_stop(1)",
            "E*AssertionError: local_stop: the charge point refuses: *",
            "test_blocking.py:*: AssertionError",
        ]
    )


def test_pytest_finds_it_by_itself() -> None:
    (found,) = entry_points(group="pytest11", name="chargeforge")
    assert found.load() is pytest_plugin
