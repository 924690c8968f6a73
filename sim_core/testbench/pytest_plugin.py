"""The pytest plugin: charge points as fixtures, for tests of somebody's CSMS.

`charge_point` is one, `charge_points` makes as many as are wanted. What they do may be waited for
by a test that blocks, and awaited by one that is a coroutine: in a coroutine every method returns
something to await. Little is imported here, since pytest loads this in every run that it is
installed in.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from sim_core.errors import UserError

if TYPE_CHECKING:
    from sim_core.snapshot import StationSnapshot
    from sim_core.testbench.driven import Driven

T = TypeVar("T")

OPTION, INI = "--chargeforge-csms-url", "chargeforge_csms_url"
COUNT = itertools.count(1)


class ChargePoint:
    """A charge point in the hands of a test.

    `plug(1)`, `swipe(1, "CARD")`, `local_stop(1)`, `link_down()`: each action that ChargeForge has
    is a method by its name. `expect` waits for a message. All of them wait for what comes of it, or
    in a coroutine return what is to be awaited; what is refused, or does not come, is an
    AssertionError, and what cannot be asked for a ValueError.
    """

    def __init__(self, driven: Driven) -> None:
        self._driven = driven
        self.id = driven.id
        """Its id, the last part of the URL that it dials."""

    @property
    def snapshot(self) -> StationSnapshot:
        """What it is like now: its link, its connectors, their transactions."""
        return self._driven.snapshot

    def ready(self, **within: float) -> Any:
        """Wait until the CSMS has let it in, or has again."""
        __tracebackhide__ = True
        return _came(lambda: self._driven.ready(**within))

    def expect(self, action: str, **wanted: Any) -> Any:
        """Wait for a message, and return it with its `payload` and its `answer`.

        `within` is how many seconds, `answer` what its answer is to be like (`error`: the CALLERROR
        that answers it), `by_csms` who asks (known by the action, but for DataTransfer); everything
        else is a field of the payload.
        """
        __tracebackhide__ = True
        return _came(lambda: self._driven.expect(action, **wanted))

    def never(self, action: str, *, within: float, **unwanted: Any) -> Any:
        """Wait so many seconds whether such a message comes, which fails the test."""
        __tracebackhide__ = True
        return _came(lambda: self._driven.never(action, within=within, **unwanted))

    def status(self, connector_id: int, status: str, **within: float) -> Any:
        """Wait until a connector shows a status like Charging, and return what it shows then."""
        __tracebackhide__ = True
        return _came(lambda: self._driven.status(connector_id, status, **within))

    def wait(self, seconds: float) -> Any:
        """Let so much of its time pass."""
        __tracebackhide__ = True
        return _came(lambda: self._driven.wait(seconds))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from sim_core.commands import ACTION_BY_NAME

        if name not in ACTION_BY_NAME:
            raise AttributeError(
                f"a charge point has no {name!r}; it has {', '.join(ACTION_BY_NAME)}"
            )

        def act(*said: Any, **named: Any) -> Any:
            __tracebackhide__ = True
            return _came(lambda: self._driven.do(name, *said, **named))

        return act


def _came(ask: Callable[[], concurrent.futures.Future[Any]]) -> Any:
    """What came of it; in a coroutine what is to be awaited.

    What fails is raised here and not where it was found, so that a report points at the test.
    """
    __tracebackhide__ = True
    asked = _asked(ask)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if loop is not None:
        return asyncio.wrap_future(asked, loop=loop)
    concurrent.futures.wait((asked,))
    if isinstance(failure := asked.exception(), AssertionError):
        raise AssertionError(*failure.args)
    return _asked(asked.result)


def _asked(ask: Callable[[], T]) -> T:
    """What was asked for. Raises ValueError where that makes no sense, with a sentence."""
    __tracebackhide__ = True
    try:
        return ask()
    except UserError as error:
        raise ValueError(str(error)) from None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the CSMS is."""
    group = parser.getgroup("chargeforge")
    group.addoption(OPTION, default=None, metavar="URL", help="the CSMS that charge points dial")
    parser.addini(INI, f"the CSMS that charge points dial, as {OPTION}", default="")


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line(
        "markers", "chargeforge(**options): what the charge point of the fixture is like"
    )


@pytest.fixture
def csms_url(request: pytest.FixtureRequest) -> str:
    """Where the CSMS is, without the charge point's id; empty: where CSMS_URL says. Define your own
    fixture of this name to say it by code."""
    config = request.config
    return str(config.getoption(OPTION) or config.getini(INI) or "")


@pytest.fixture
def charge_points(
    request: pytest.FixtureRequest, csms_url: str
) -> Iterator[Callable[..., ChargePoint]]:
    """Makes charge points: `charge_points("CP01", model="generic", connectors=2)`."""
    from sim_core.testbench.driven import Driven

    made: list[Driven] = request.node.stash.setdefault(MADE, [])

    def make(charge_point_id: str = "", **options: Any) -> ChargePoint:
        __tracebackhide__ = True
        name = charge_point_id or _fresh_id(request.config)
        driven = _asked(lambda: Driven(name, csms_url, **options))
        made.append(driven)
        return ChargePoint(driven)

    yield make
    for driven in made:
        driven.close()


@pytest.fixture
def charge_point(
    request: pytest.FixtureRequest, charge_points: Callable[..., ChargePoint]
) -> ChargePoint:
    """One charge point, as the marker `chargeforge` has it."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("chargeforge"))):
        options |= marker.kwargs
    return charge_points(options.pop("id", ""), **options)


MADE = pytest.StashKey["list[Driven]"]()
"""The charge points of a test, for its report."""


def _fresh_id(config: pytest.Config) -> str:
    """An id that no other worker of pytest-xdist gives."""
    worker = getattr(config, "workerinput", {}).get("workerid", "gw0")
    return f"CP-{worker}-{next(COUNT)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A test that has failed tells what its charge points have said and heard."""
    report: pytest.TestReport = yield
    if report.failed:
        for driven in item.stash.get(MADE, []):
            report.sections.append((f"charge point {driven.id}", driven.told()))
    return report
