"""Colours: what a role is in each theme, and the themes themselves, a row each.

Widgets name roles ("success", "muted"); what a role is in the current theme is decided here once,
so that a theme, 16 colours and NO_COLOR need no second drawing. A theme is told of in three more
places that cannot read this table: the words of the option THEME, docs/options.md and .env.example.
`tests/tui/test_tui_themes.py` names the one that lacks it.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

OWN_THEMES: tuple[Theme, ...] = (
    Theme(
        name="chargeforge-dark",
        primary="#58a6d8",
        secondary="#56b4e9",
        warning="#e69f00",
        error="#ff5f5f",
        success="#2fc79a",
        accent="#58a6d8",
        foreground="#d7dce2",
        background="#111315",
        surface="#17191c",
        panel="#343a41",
        dark=True,
    ),
    Theme(
        name="chargeforge-light",
        primary="#005f9e",
        secondary="#0072b2",
        warning="#8a5a00",
        error="#d0003a",
        success="#00704f",
        accent="#005f9e",
        foreground="#1c2229",
        background="#fbfaf7",
        surface="#f2f0eb",
        panel="#dcd9d1",
        dark=False,
    ),
    Theme(
        name="chargeforge-contrast",
        primary="#ffd700",
        secondary="#7fd4ff",
        warning="#ffd700",
        error="#ff8c66",
        success="#ffffff",
        accent="#ffd700",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#303a5c",
        dark=True,
    ),
)
"""The first is where a terminal with enough colours begins. Dark and light take their hues from
the palette of Okabe and Ito, which colour-blind people tell apart."""
TERMINAL_THEMES = ("ansi-dark", "ansi-light")
"""Textual's two that draw in the terminal's own sixteen colours."""
THEME_ROUND: tuple[str, ...] = (*(theme.name for theme in OWN_THEMES), *TERMINAL_THEMES)
"""What the theme key goes round."""

# role -> (foreground, background, attributes); a name is a variable of the theme, "~x" is two
# thirds of it on the ground, "~~x" less than half
ROLES: dict[str, tuple[str, str, str]] = {
    "text": ("foreground", "background", ""),
    "strong": ("foreground", "background", "bold"),
    "muted": ("~foreground", "background", ""),
    "faint": ("~~foreground", "background", ""),
    "secondary": ("secondary", "background", ""),
    "success": ("success", "background", "bold"),
    "trace": ("success", "background", ""),
    "warning": ("warning", "background", ""),
    "error": ("error", "background", "bold"),
    "accent": ("accent", "background", "bold"),
    "button": ("foreground", "panel", ""),
    "button-key": ("accent", "panel", "bold"),
    "button-off": ("~~foreground", "background", ""),
    "cursor": ("foreground", "panel", "bold"),
    "cursor-error": ("error", "panel", "bold"),
    "pill": ("background", "warning", "bold"),
    "match": ("accent", "background", "bold underline"),
    "caption": ("foreground", "panel", ""),
    "caption-key": ("accent", "panel", "bold"),
}
ANSI_ROLES: dict[str, str] = {
    "text": "",
    "strong": "bold",
    "muted": "dim",
    "faint": "dim",
    "secondary": "cyan",
    "success": "bold green",
    "trace": "green",
    "warning": "yellow",
    "error": "bold red",
    "accent": "bold blue",
    "button": "underline",
    "button-key": "bold underline",
    "button-off": "dim",
    "cursor": "reverse",
    "cursor-error": "reverse bold",
    "pill": "reverse bold",
    "match": "bold underline",
    "caption": "reverse",
    "caption-key": "reverse bold",
}
"""What each role is in the terminal's own sixteen colours."""

COLOUR_WORDS = {"cyan", "green", "yellow", "red", "blue"}


LEAST_CONTRAST, LEAST_CONTRAST_FAINT = 4.5, 3.0
"""Between words and their ground (WCAG 2.1, 1.4.3), and where they may be overlooked: frames, what
cannot be pressed now (1.4.11)."""
FAINT_ROLES = frozenset({"faint", "button-off"})
STEPS = 20


def contrast(one: Color, other: Color) -> float:
    """How far two colours are apart in lightness: from 1 to 21 (WCAG 2.1)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def legible(colour: Color, ground: Color, least: float) -> Color:
    """The colour, or the nearest to it on the way to black or white that can be read there."""
    ends = (Color.parse("#ffffff"), Color.parse("#000000"))
    end = max(ends, key=lambda one: contrast(one, ground))
    for step in range(STEPS + 1):
        nearer = colour.blend(end, step / STEPS)
        if contrast(nearer, ground) >= least:
            return nearer
    return end


def palette(variables: Mapping[str, str], ansi: bool, no_color: bool = False) -> dict[str, Style]:
    """The style of each role under a theme's variables."""
    if no_color:  # Textual's filter would turn the sixteen colours into black
        words = {role: set(text.split()) - COLOUR_WORDS for role, text in ANSI_ROLES.items()}
        return {role: Style.parse(" ".join(kept) or "none") for role, kept in words.items()}
    if ansi:
        return {role: Style.parse(text) if text else Style() for role, text in ANSI_ROLES.items()}

    def colour(name: str) -> Color:
        try:
            return Color.parse(variables[name])
        except (KeyError, ColorParseError):  # a foreign theme may leave a variable out or "auto"
            return Color.parse("#d8d8d8" if name == "foreground" else "#808080")

    ground = colour("background")

    def resolved(name: str) -> Color:
        share = 0.42 if name.startswith("~~") else 0.66 if name.startswith("~") else 1.0
        return ground.blend(colour(name.lstrip("~")), share)

    styles: dict[str, Style] = {}
    for role, (fore, back, attributes) in ROLES.items():
        under = colour(back)
        least = LEAST_CONTRAST_FAINT if role in FAINT_ROLES else LEAST_CONTRAST
        shown = legible(resolved(fore), under, least)
        plain = Style.parse(attributes or "none")
        styles[role] = Style(color=shown.rich_color, bgcolor=under.rich_color) + plain
    return styles


# -- choosing --------------------------------------------------------------------------------------


def theme_trouble(asked: str) -> str:
    """Why there is no such theme, as a sentence; empty when there is, or none is asked for."""
    names = [*(theme.name for theme in OWN_THEMES), *sorted(BUILTIN_THEMES)]
    return (
        ""
        if not asked or asked in names
        else f"there is no theme {asked!r}; there are: {', '.join(names)}"
    )


FEW_COLOURS = (None, "standard", "windows")
"""Colour systems of terminals with sixteen colours or none."""


def next_theme(now: str, color_system: str | None) -> str:
    """The theme after `now` on the round of those that the terminal can show."""
    few = color_system in FEW_COLOURS
    names = [name for name in THEME_ROUND if name.startswith("ansi") or not few]
    place = names.index(now) if now in names else -1
    return names[(place + 1) % len(names)]


def fitting_theme(asked: str, color_system: str | None, no_color: bool, recalled: str = "") -> str:
    """The theme to begin with: the one asked for, else the one of the last run where the terminal
    can show it, else what it can show."""
    if no_color:
        return "ansi-dark"  # under any other theme NO_COLOR is greys, under this no colour at all
    few = color_system in FEW_COLOURS
    if recalled and not theme_trouble(recalled) and (not few or recalled.startswith("ansi")):
        return asked or recalled
    return asked or ("ansi-dark" if few else OWN_THEMES[0].name)
