"""What is shown in the place of something secret: another text of the same shape.

A digit becomes a digit, a letter a letter of the same case, what stands between them stays: so a
reader still sees that this was a UUID, a MAC or a card number of eight digits. The same original
gives the same stand-in wherever it comes up, in whatever case and with whatever between (a MAC
with colons and without is one MAC), and two originals never give the same. Which stand-in that is
hangs on a key that is drawn anew for each use: serial numbers can be counted through, so a fixed
key would hide nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable, Iterator

TRIES = 200
DIGITS, HEX, LETTERS = string.digits, "abcdef", string.ascii_lowercase
PREFIX = re.compile(
    r"(?:VID|MAC|MACID|EVCCID|EMAID|VIN|RFID|NFC|UID|ID|TAG|CARD)[:_]", re.IGNORECASE
)
"""Says what follows, and nothing about whose it is."""
SAYS_NOTHING = frozenset({"", "0", "-1", "null", "none", "n/a", "unknown", "true", "false"})
ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
HOSTS_OF_THIS = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})


class StandIns:
    """Gives stand-ins, and remembers them."""

    def __init__(self, key: bytes | None = None) -> None:
        """`key` makes them the same in two uses; without it nobody can tell them again."""
        self._key = key or secrets.token_bytes(32)
        self._of: dict[str, str] = {}
        self._taken: set[str] = set()
        self._hosts: dict[str, str] = {}
        self._there: set[str] = set()
        self._addresses = _addresses()

    def avoid(self, addresses: Iterable[str]) -> None:
        """No address is given as a stand-in that is one of these."""
        self._there.update(addresses)

    def of(self, original: str) -> str:
        """The stand-in of a text."""
        if says_nothing(original):
            return original
        prefix = found[0] if (found := PREFIX.match(original)) else ""
        rest = original[len(prefix) :]
        core = _core(rest)
        if not core:
            return prefix + "x" * len(rest)
        drawn = iter(self._drawn(core))
        made = [
            (letter.upper() if one.isupper() else letter)
            if one.isalnum() and (letter := next(drawn, None)) is not None
            else one
            for one in rest
        ]
        return prefix + "".join(made) + "".join(drawn)

    def host(self, original: str) -> str:
        """The stand-in of a host, which belongs to nobody: an address for documents, or a name
        under `.example`."""
        name = original.casefold()
        if name in HOSTS_OF_THIS or not name:
            return original
        if (made := self._hosts.get(name)) is None:
            if ADDRESS.fullmatch(name):
                made = next(one for one in self._addresses if one not in self._there)
            elif "." in name and ":" not in name:
                made = self.of(name.rpartition(".")[0]) + ".example"
            else:
                made = self.of(name)
            self._hosts[name] = made
        return made

    def number(self, original: str) -> str:
        """The stand-in of a number of JSON: its digits, but for a leading 0 and the exponent."""
        mantissa, exponent, rest = original.partition("e" if "e" in original else "E")
        digits = _core(mantissa)
        if not digits.strip("0"):
            return original
        drawn = iter(self._drawn(digits))
        made = [next(drawn, one) if one.isdigit() else one for one in mantissa]
        for place, one in enumerate(mantissa):
            if one.isdigit():
                if one == "0":
                    made[place] = "0"
                elif made[place] == "0":
                    made[place] = "1"
                break
        return "".join(made) + exponent + rest

    def _drawn(self, core: str) -> str:
        """The letters and digits of a stand-in."""
        if (known := self._of.get(core)) is not None:
            return known
        self._taken.add(core)
        for attempt in range(TRIES):
            longer = attempt // 64
            made = "".join(self._letters(core + core[-1:] * longer, attempt))
            if made not in self._taken:
                break
        self._of[core] = made
        self._taken.add(made)
        return made

    def _letters(self, core: str, attempt: int) -> Iterator[str]:
        is_hex = all(one in DIGITS + HEX for one in core) and any(one in DIGITS for one in core)
        numbers = self._numbers(core, attempt)
        for one, number in zip(core, numbers, strict=False):
            letters = DIGITS if one.isdigit() else HEX if is_hex else LETTERS
            yield letters[number % len(letters)]

    def _numbers(self, core: str, attempt: int) -> Iterator[int]:
        text = core.encode("utf-8", "surrogatepass")
        for block in range(len(core) // 8 + 1):
            told = hmac.new(self._key, b"%d %d " % (attempt, block) + text, hashlib.sha256).digest()
            for place in range(0, 32, 4):
                yield int.from_bytes(told[place : place + 4], "big")


def _addresses() -> Iterator[str]:
    """Addresses that belong to nobody (RFC 5737), and then some that are nobody's alone."""
    for network in ("192.0.2", "198.51.100", "203.0.113"):
        yield from (f"{network}.{place}" for place in range(1, 255))
    for count in range(256**3):
        yield f"10.{count >> 16}.{count >> 8 & 255}.{count & 255}"


def says_nothing(text: str) -> bool:
    """Whether a text stands for there being none."""
    return text.strip().casefold() in SAYS_NOTHING


def _core(text: str) -> str:
    """What of a text is told apart: its letters and digits, whatever their case."""
    return "".join(one.casefold()[:1] for one in text if one.isalnum())
