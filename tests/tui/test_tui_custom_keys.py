"""Keys that a user has moved: they do what is asked, are shown everywhere, and clash in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_host import FakeHost, available, station
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from screen_text import make_app, settled, text_of, until

from sim_core.commands import Plug, Stop
from sim_core.settings.loading import load
from tui.custom_keys import CustomKeysError, custom_keymap
from tui.dialogs.help import help_sections
from tui.dialogs.passages import passage_lines
from tui.keymap import ROWS
from tui.look import Look
from tui.protocols.ocpp16 import OCPP_16_WORDING

FREE = station([available(n, refusals={}) for n in (1, 2)])


@pytest.mark.parametrize(
    ("written", "keys", "shown"),
    [
        ("X", ("X", "shift+x"), "X"),
        ("shift+x", ("X", "shift+x"), "X"),
        ("!", ("exclamation_mark",), "!"),
        ("F5", ("f5",), "F5"),
        ("ctrl+X", ("ctrl+x",), "^x"),
        ("alt+enter", ("alt+enter",), "alt+enter"),
        ("PgUp", ("pageup",), "pgup"),
        ("+", ("plus",), "+"),
        ("ctrl++", ("ctrl+plus",), "^+"),
        ("; F6", ("semicolon", "f6"), ";"),
        ("", (), ""),
    ],
)
def test_how_a_key_is_written(written: str, keys: tuple[str, ...], shown: str) -> None:
    wanted = {"stop": written, "page_up": "ctrl+u"}
    row = next(row for row in custom_keymap(wanted).rows if row.id == "stop")
    assert (row.keys, row.shown) == (keys, shown)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"stopp": "X"}, "there is no action 'stopp'; 'stop' is one"),
        ({"qqq": "X"}, "there is no action 'qqq'; there are: select, plug, "),
        ({"select": "a"}, "select keeps the keys 1 to 9"),
        ({"stop": "7"}, "stop cannot have '7': 1 to 9 select the connector"),
        ({"stop": "hyperspace"}, "stop cannot have 'hyperspace': a key is written like"),
        ({"stop": "cntrl+x"}, "stop cannot have 'cntrl+x': a key is written like"),
        ({"stop": "s"}, "stop cannot have 's': start has it"),
        ({"stop": "X", "start": "shift+x"}, "cannot have 'X'"),
        ({"stop": "ctrl+m"}, "stop cannot have 'enter': inspect has it"),
        ({"stop": "ctrl+q"}, "stop cannot have 'ctrl+q': it always asks to quit"),
        ({"palette": ""}, "palette needs a key"),
    ],
)
def test_what_cannot_be_is_a_sentence(wanted: dict[str, str], sentence: str) -> None:
    with pytest.raises(CustomKeysError) as caught:
        custom_keymap(wanted)
    assert sentence in str(caught.value)


KEY = st.one_of(st.text(max_size=8), st.sampled_from(["x", "ctrl+a", "f1", "shift+q", "up"]))


# In a fresh checkout the first text waits for Hypothesis's table of all characters.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([row.id for row in ROWS]), KEY, max_size=6))
def test_no_table_takes_a_key_from_an_action_unnoticed(wanted: dict[str, str]) -> None:
    try:
        rows = custom_keymap(wanted).rows
    except CustomKeysError:
        return
    keys = [key for row in rows for key in row.keys]
    assert len(keys) == len(set(keys))
    assert all(row.keys for row in rows if row.id not in wanted and row.keys)


def test_a_key_may_be_taken_from_an_action_that_gets_another() -> None:
    names = custom_keymap({"stop": "s", "start": "x"}).names
    assert (names["stop"], names["start"]) == ("s", "x")


def test_the_config_file_has_a_table_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chargeforge.toml").write_text('[keys]\nstop = "X"\nzoom = "f5"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KEYS", raising=False)
    monkeypatch.delenv("CHARGEFORGE_CONFIG", raising=False)
    assert load([]).keys == {"stop": "X", "zoom": "f5"}


async def test_a_moved_key_acts_and_the_old_one_does_not() -> None:
    host = FakeHost(FREE)
    app = make_app(host, keys=custom_keymap({"stop": "p", "plug": "f5", "next_pane": "f6"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        await pilot.press("x", "p", "f5")
        await until(pilot, lambda: host.submitted == [Stop(1), Plug(1)])
        footer = text_of(app).splitlines()[-1]
        assert "F5 plug" in footer
        assert "p stop" in footer
        assert "F5 plugs in a vehicle" in text_of(app)
        await pilot.press("ctrl+p", *"plug")
        await until(pilot, lambda: "F5" in text_of(app))


def test_help_names_the_moved_keys_and_leaves_none_behind() -> None:
    keys = custom_keymap({"end": "f8", "back": "f9", "copy": "ctrl+y", "plug": "", "resume": "f7"})
    help = help_sections(Look(keys=keys), "messages", available(1), {}, OCPP_16_WORDING)
    lines = passage_lines(help, "", 76)
    shown = "\n".join("".join(span.text for span in line) for line in lines)
    assert "F8 follows the newest again" in shown
    assert "^p plug plugs in a vehicle" in shown
    assert "F7 resumes" in shown
    assert "    ^y  copy frame" in shown
    assert "{" not in shown
