"""What a firmware file is for a charge point that is no metal.

Any file can be installed: it is real, it is really fetched, and its name is its version. A file
that wants to say more is TOML or JSON and names itself by its first key:

    chargeforge_firmware = 1          # the form's own version
    version = "2.1.0"                 # what BootNotification says afterwards, 1 to 50 characters
    install_s = 20                    # seconds that the installation takes; else the model's
    fails = true                      # the installation fails, and the old version boots

One that names itself and is wrong is a broken image: its installation fails, as a real one's would.
"""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import dataclass
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MARK = "chargeforge_firmware"
FORM = 1
LONGEST_VERSION = 50
"""firmwareVersion is a CiString50 (OCPP 1.6 §6.3)."""
LONGEST_INSTALL_S = 86_400.0
ENDINGS = re.compile(
    r"(\.(bin|img|fw|hex|zip|tar|tgz|gz|bz2|xz|zst|deb|rpm|ipk|swu|raucb|signed|toml|json))+$",
    re.IGNORECASE,
)
"""What of a file's name is not its version."""
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
MARKED = re.compile(
    rb'\A(?:\xef\xbb\xbf)?\s*(?:#[^\n]*\n\s*)*\{?\s*"?' + MARK.encode() + rb'"?\s*[=:]'
)
"""Its first key, after comments, as TOML or as JSON."""
KEYS = (MARK, "version", "install_s", "fails")


@dataclass(frozen=True)
class Image:
    """What a firmware file comes to."""

    version: str
    """Empty when the image is broken."""
    install_s: float | None = None
    """None: as long as the model takes."""
    broken: str = ""
    """Why its installation will fail, as a sentence without full stop; empty if it will not."""


def read_image(name: str, head: bytes, *, size: int, sha256: str) -> Image:
    """What the file `name` is, that begins with `head`. Never raises: a broken one says why."""
    if not MARKED.match(head):
        return Image(version_of(name, sha256))
    if size > len(head):
        return Image("", broken="the firmware file is too large to be a description")
    try:
        return _read(_document(head))
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, _WrongError) else "it is neither TOML nor JSON"
        return Image("", broken=f"the firmware file is broken: {why}")


def version_of(name: str, sha256: str) -> str:
    """The version that a file's name tells, or else one made of its hash."""
    version = ENDINGS.sub("", name)
    if len(version) <= LONGEST_VERSION and VERSION.fullmatch(version):
        return version
    return f"sha256-{sha256[:16]}"


class _WrongError(ValueError):
    """What the file says cannot be."""


def _document(head: bytes) -> dict[str, Any]:
    text = head.decode("utf-8-sig")
    document: dict[str, Any] = (
        json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    )
    return document


def _read(said: dict[str, Any]) -> Image:
    if unknown := sorted(set(said) - set(KEYS)):
        raise _WrongError(f"{unknown[0][:LONGEST_VERSION]!r} is not one of {', '.join(KEYS)}")
    if said.get(MARK) != FORM or isinstance(said[MARK], bool):
        raise _WrongError(f"{MARK} must be {FORM}")
    version, install_s, fails = said.get("version"), said.get("install_s"), said.get("fails", False)
    if not (
        isinstance(version, str)
        and 1 <= len(version) <= LONGEST_VERSION
        and version.isprintable()
        and version == version.strip()
    ):
        raise _WrongError(f"version must be a text of 1 to {LONGEST_VERSION} characters")
    number = isinstance(install_s, (int, float)) and not isinstance(install_s, bool)
    if install_s is not None and not (
        number and math.isfinite(install_s) and 0 <= install_s <= LONGEST_INSTALL_S
    ):
        raise _WrongError(f"install_s must be a number from 0 to {LONGEST_INSTALL_S:g}")
    if not isinstance(fails, bool):
        raise _WrongError("fails must be true or false")
    return Image(
        version,
        install_s=None if install_s is None else float(install_s),
        broken="the firmware file says that its installation fails" if fails else "",
    )
