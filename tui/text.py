"""Numbers, times and whatever came over the wire as text. Pure functions, no screen.

Whatever came over the wire passes `plain` before it is drawn: control characters, escapes,
direction marks, lone surrogates and the like become visible text of known width, so that nothing
a CSMS sends can move the cursor, reorder a row or end the program.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from rich.cells import cell_len, chop_cells

_UNDRAWABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain(text: str, ascii_only: bool = False) -> str:
    r"""The text with everything that is not a plain printable character spelled out (`\x1b`)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char == " " or _shows(char, ascii_only) else _spelled(char) for char in text
    )


def _shows(char: str, ascii_only: bool) -> bool:
    if ascii_only and not char.isascii():
        return False
    # U+FE00-FE0F change the width of the character before them, differently in each terminal
    return unicodedata.category(char) not in _UNDRAWABLE and not "\ufe00" <= char <= "\ufe0f"


def _spelled(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(text: str) -> int:
    """Cells that the text takes."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: str, cells: int, ellipsis: str = "…") -> str:
    """The text in at most `cells` cells; what is cut off is marked."""
    if width(text) <= cells:
        return text
    if cells <= 1:
        return ellipsis[:cells]
    if text.isascii():
        return text[: cells - 1] + ellipsis
    pieces = chop_cells(text, cells - 1)
    return (pieces[0] if pieces else "") + ellipsis


def fit(text: str, cells: int, ellipsis: str = "…") -> str:
    """The text in exactly `cells` cells."""
    text = cut(text, cells, ellipsis)
    return text + " " * (cells - width(text))


def wrapped(text: str, cells: int) -> list[str]:
    """The text in lines of at most `cells` cells, broken between words where that can be."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if width(longer) <= cells:
                line = longer
                continue
            if line:
                lines.append(line)
            pieces = [word] if width(word) <= cells else chop_cells(word, max(1, cells))
            lines += pieces[:-1]
            line = pieces[-1]
        lines.append(line)
    return lines


# -- numbers ---------------------------------------------------------------------------------------


UNKNOWN = "-"
"""In the place of a number that nobody has said."""


def kilo(value: float | None, decimals: int) -> str:
    """A thousandth, with fixed decimals and never "-0.00"."""
    if value is None:
        return UNKNOWN
    return f"{value / 1000 + 0.0:.{decimals}f}".replace("-0.00", "0.00")


def meter_kwh(register_wh: float | None) -> str:
    """A meter's register in kWh, in at most seven characters below 100 MWh."""
    return kilo(register_wh, 3 if (register_wh or 0) < 1_000_000 else 1)


def figure(value: float | None, decimals: int) -> str:
    """A number with fixed decimals."""
    return UNKNOWN if value is None else f"{value:.{decimals}f}"


def kilowatts(power_w: float) -> str:
    """Power without needless decimals: "60 kW", "22.5 kW"."""
    return f"{power_w / 1000:.1f}".removesuffix(".0") + " kW"


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where that is due."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def scale_above(most: float) -> int:
    """The next 1, 2 or 5 with zeros that is not below: a scale that rarely changes."""
    step = 1
    while True:
        for digit in (1, 2, 5):
            if digit * step >= most:
                return digit * step
        step *= 10


# -- times -----------------------------------------------------------------------------------------

NO_SHIFT = timedelta(0)
"""Two clocks that agree."""


def clock_time(at: datetime, milliseconds: bool = False) -> str:
    """The local time of day."""
    local = at.astimezone()
    text = local.strftime("%H:%M:%S")
    return f"{text}.{local.microsecond // 1000:03d}" if milliseconds else text


def day(at: datetime) -> str:
    """The local day, as a person writes it: "Thu 1 January 2026"."""
    local = at.astimezone()
    return f"{local:%a} {local.day} {local:%B %Y}"


def duration(span: timedelta) -> str:
    """A span as 00:13:05; days are spelled from the fourth on."""
    seconds = max(0, int(span.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    if hours >= 100:
        return f"{hours // 24}d {hours % 24:02d}:{rest // 60:02d}"
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def short_span(seconds: float) -> str:
    """A countdown or an age in few characters: 8s, 4m05, 3h12, 5d."""
    whole = max(0, int(seconds))
    if whole < 100:
        return f"{whole}s"
    if whole < 6000:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < 360_000:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 86_400}d"


def coarse_span(seconds: float) -> str:
    """A countdown that ticks only near its end: 5m, 42s."""
    return short_span(seconds) if seconds < 100 else f"{-(-int(seconds) // 60)}m"


def seconds_left(until: datetime, now: datetime) -> int:
    """Whole seconds until a moment, rounded up; 0 when it is past."""
    return max(0, -int(-(until - now).total_seconds() // 1))


def span_in_words(seconds: float) -> str:
    """A countdown inside a sentence: "8 s", "2 min 05 s", "3 h 12 min"."""
    whole = max(0, int(seconds))
    if whole < 100:
        return f"{whole} s"
    if whole < 6000:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def latency(seconds: float) -> str:
    """How long an answer took, in at most six characters: "999 ms", "99.9 s", "4m05"."""
    if seconds < 0.9995:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    return short_span(seconds)


def phrases(words: str, cells: int, ellipsis: str) -> str:
    """What keys do, phrase by phrase, in so many cells. Where there is no room for all, those
    before the last are left out first, for the last says how to leave."""
    *rest, last = words.split(", ")
    while rest and width(", ".join((*rest, last))) > cells:
        del rest[-1]
    return cut(", ".join((*rest, last)), cells, ellipsis)


def trace_span(seconds: int) -> str:
    """What a trace covers: "45 s", "2:25 min", "10 min", "83 min"."""
    if seconds < 60:
        return f"{seconds} s"
    if seconds >= 1000:
        return f"{seconds // 60} min"
    return (
        f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds // 60}:{seconds % 60:02d} min"
    )
