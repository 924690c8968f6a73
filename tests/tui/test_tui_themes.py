"""Themes: all can be read, and every place that lists them lists the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import Color as RichColor
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from sim_core.settings.options import Settings, options_of
from tui.themes import (
    FAINT_ROLES,
    OWN_THEMES,
    ROLES,
    TERMINAL_THEMES,
    THEME_ROUND,
    next_theme,
    palette,
    theme_trouble,
)

ROOT = Path(__file__).resolve().parents[2]
WITH_COLOURS = [*OWN_THEMES, *(t for n, t in BUILTIN_THEMES.items() if not n.startswith("ansi"))]
OWN = {theme.name for theme in OWN_THEMES}


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratios(theme: Theme) -> dict[str, float]:
    """How far words and ground are apart, by role."""
    found = {}
    for role, style in palette(theme.to_color_system().generate(), ansi=False).items():
        assert style.color is not None
        assert style.bgcolor is not None
        pair = (style.color.get_truecolor(), style.bgcolor.get_truecolor())
        light, dark = sorted(map(luminance, pair), reverse=True)
        found[role] = (light + 0.05) / (dark + 0.05)
    return found


@pytest.mark.parametrize("theme", WITH_COLOURS, ids=lambda theme: theme.name)
def test_every_word_can_be_read_in_every_theme(theme: Theme) -> None:
    found = ratios(theme)
    assert set(found) == set(ROLES)
    # a hair for the colours of a terminal, which are whole numbers
    low = {r: n for r, n in found.items() if n < (3.0 if r in FAINT_ROLES else 4.5) - 0.05}
    assert low == {}


@pytest.mark.parametrize("theme", OWN_THEMES, ids=lambda theme: theme.name)
def test_what_is_read_most_is_read_best(theme: Theme) -> None:
    found = ratios(theme)
    assert min(found["text"], found["strong"]) >= 7
    assert found["faint"] < found["muted"] < found["text"]


def test_the_contrast_theme_has_more_of_it_than_the_others() -> None:
    by_name = {theme.name: ratios(theme) for theme in OWN_THEMES}
    most = by_name.pop("chargeforge-contrast")
    for other in by_name.values():
        for role in ("text", "muted", "accent", "warning", "error", "success", "secondary"):
            assert most[role] > other[role], role


HUES = {role: role for role in ("secondary", "success", "warning", "error", "accent")}
HUES |= {"trace": "success", "match": "accent"}
"""The colour of a theme that a role is drawn in."""


def near(drawn: RichColor | None, meant: str) -> bool:
    """Whether it is that colour, but for rounding."""
    assert drawn is not None
    wanted = Color.parse(meant).rgb
    return all(
        abs(one - other) <= 1 for one, other in zip(drawn.get_truecolor(), wanted, strict=True)
    )


@pytest.mark.parametrize("theme", OWN_THEMES, ids=lambda theme: theme.name)
def test_each_role_has_the_colour_that_it_is_named_for(theme: Theme) -> None:
    """A theme of our own can be read as it is: nothing of it has to be made legible."""
    drawn = palette(theme.to_color_system().generate(), ansi=False)
    for role, hue in HUES.items():
        assert near(drawn[role].color, getattr(theme, hue)), role
    assert near(drawn["pill"].bgcolor, theme.warning or "")
    assert near(drawn["pill"].color, theme.background or "")


def test_nothing_is_faint_but_what_may_be_overlooked() -> None:
    assert {"faint", "button-off"} == FAINT_ROLES


def named(text: str) -> set[str]:
    """The themes of our own that a text names."""
    return set(re.findall(r"\bchargeforge-[a-z]+", text))


@pytest.mark.parametrize(
    "place", ["the option", ".env.example", "docs/options.md", "the sentence for an unknown one"]
)
def test_every_place_names_the_same_themes(place: str) -> None:
    if place == "the option":
        told = str(options_of(Settings)["theme"])
    elif place == "the sentence for an unknown one":
        told = theme_trouble("plaid")
    else:
        lines = (ROOT / place).read_text(encoding="utf-8").splitlines()
        told = "\n".join(line for line in lines if "chargeforge-dark" in line)
    gaps = [f"theme {name}: {place} does not name it" for name in sorted(OWN - named(told))]
    gaps += [f"{place}: {name} is no theme" for name in sorted(named(told) - OWN)]
    assert not gaps, "\n".join(gaps)


def test_the_round_of_the_key_has_them_all() -> None:
    assert set(TERMINAL_THEMES) == {name for name in BUILTIN_THEMES if name.startswith("ansi")}
    for few in (None, "standard", "truecolor"):
        now, seen = THEME_ROUND[-1], []
        for _ in THEME_ROUND:
            now = next_theme(now, few)
            seen.append(now)
        wanted = [n for n in THEME_ROUND if few == "truecolor" or n.startswith("ansi")]
        assert set(seen) == set(wanted)


def test_every_theme_that_is_named_can_be_had() -> None:
    assert all(theme_trouble(name) == "" for name in THEME_ROUND)
