"""A CSMS that is dialled by script: whatever is asked is remembered, and nothing is dialled."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable

from sim_core.commands import Accepted, Outcome, Refused
from sim_core.settings.destination import Destination
from tui.dialogs.connection import Finding
from tui.recent_csms import RecentCsms

FINDINGS = (
    Finding("name", True, "csms.example is 10.0.0.5"),
    Finding(
        "port",
        False,
        "10.0.0.5 refuses port 9000",
        "check host and port in CSMS_URL, that the CSMS runs, and the firewalls between",
    ),
)


class FakeWhereTo:
    """Who dials, by script."""

    def __init__(self) -> None:
        self.destination = Destination("ws://10.0.0.5:9000/ocpp", "CP01")
        self.keeps_id = ""
        self.asked: list[Destination] = []
        self.answer: Outcome = Accepted()

    def look_up(self) -> concurrent.futures.Future[Destination | Refused]:
        """It is known."""
        answer: concurrent.futures.Future[Destination | Refused] = concurrent.futures.Future()
        answer.set_result(self.destination)
        return answer

    def connect_to(self, where: Destination) -> concurrent.futures.Future[Outcome]:
        """Remember where to, and answer."""
        self.asked.append(where)
        answer: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        answer.set_result(self.answer)
        return answer


def fake_doctor(where: Destination, tell: Callable[[Finding], None]) -> None:
    """Finds what is written above."""
    for finding in FINDINGS:
        tell(finding)


def fake_recent() -> RecentCsms:
    """Two that were dialled before."""
    recent = RecentCsms(None)
    recent.add(Destination("wss://csms.example/ocpp/{cpid}", "CP-LAB-7", 2))
    recent.add(Destination("ws://127.0.0.1:9000/ocpp", "TestCP01"))
    return recent
