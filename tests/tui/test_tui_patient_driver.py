"""The driver's thread for input sleeps until there is input, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import sys
import threading
from queue import Queue
from selectors import PollSelector
from typing import Any

import pytest
from textual.app import App
from textual.events import Key, MouseDown
from textual.message import Message

from tests.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is Textual's own")


class Listening:
    """A driver that listens to one end of a pipe, without an app."""

    def __init__(self) -> None:
        from tui.patient_driver import PatientDriver

        self.driver = PatientDriver(App[None]())
        self.messages: Queue[Message] = Queue()
        self.driver.process_message = self.messages.put  # type: ignore[method-assign, assignment]
        self.driver.fileno, self.terminal = os.pipe()
        self.thread = threading.Thread(target=self.driver.run_input_thread, daemon=True)

    def type(self, characters: bytes) -> None:
        os.write(self.terminal, characters)

    def heard(self) -> Message:
        return self.messages.get(timeout=PATIENCE_S)

    def ends(self) -> bool:
        self.driver.exit_event.set()
        self.thread.join(PATIENCE_S)
        return not self.thread.is_alive()


@pytest.fixture
async def listening() -> Any:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)}
    made = Listening()
    yield made
    made.ends()
    os.close(made.driver.fileno)
    if made.terminal >= 0:
        os.close(made.terminal)
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Queue[float | None]:
    """How long the thread was ready to sleep, each time."""
    sleeps: Queue[float | None] = Queue()
    select = PollSelector.select

    def noted(selector: PollSelector, timeout: float | None = None) -> Any:
        sleeps.put(timeout)
        return select(selector, timeout)

    monkeypatch.setattr(PollSelector, "select", noted)
    return sleeps


async def test_it_hears_keys_and_the_mouse_and_a_letter_that_comes_in_pieces(
    listening: Listening,
) -> None:
    listening.thread.start()
    listening.type(b"p")
    listening.type(b"\x1b[<0;12;5M")
    listening.type("é".encode()[:1])
    key, mouse = listening.heard(), listening.heard()
    listening.type("é".encode()[1:])
    letter = listening.heard()
    assert isinstance(key, Key)
    assert key.key == "p"
    assert isinstance(mouse, MouseDown)
    assert isinstance(letter, Key)
    assert letter.character == "é"


async def test_an_escape_alone_is_one_though_nothing_follows(listening: Listening) -> None:
    listening.thread.start()
    listening.type(b"\x1b")
    key = listening.heard()
    assert isinstance(key, Key)
    assert key.key == "escape"


async def test_what_is_no_text_harms_nobody(listening: Listening) -> None:
    listening.thread.start()
    listening.type(b"\xff\xfep")
    heard = [listening.heard() for _ in range(3)]
    assert isinstance(heard[-1], Key)
    assert heard[-1].key == "p"


async def test_it_sleeps_without_end_once_nothing_is_half_said(
    listening: Listening, taken: Queue[float | None]
) -> None:
    listening.thread.start()
    assert taken.get(timeout=PATIENCE_S) is None
    listening.type(b"p")
    after = [taken.get(timeout=PATIENCE_S) for _ in range(3)]
    assert after[-1] is None
    assert None not in after[:-1]
    assert listening.ends()
    assert taken.empty()


async def test_it_does_not_outlive_its_terminal(listening: Listening) -> None:
    listening.thread.start()
    os.close(listening.terminal)
    listening.terminal = -1
    listening.thread.join(PATIENCE_S)  # nobody may be left who would tell it to end
    assert not listening.thread.is_alive()


async def test_who_was_told_to_end_before_it_began_ends(listening: Listening) -> None:
    listening.driver.exit_event.set()
    listening.thread.start()
    listening.thread.join(PATIENCE_S)
    assert not listening.thread.is_alive()


async def test_it_begins_again_after_a_shell(listening: Listening) -> None:
    for _ in range(2):
        listening.thread = threading.Thread(target=listening.driver.run_input_thread)
        listening.thread.start()
        listening.type(b"p")
        assert isinstance(listening.heard(), Key)
        assert listening.ends()
        listening.driver.exit_event.clear()
