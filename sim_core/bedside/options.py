"""The options of `chargeforge bedside`: where a charger comes in, and what is done beside it.

Who the CSMS is, TLS, the screen and the HTTP port are said as for a charge point of our own. What
would describe that charge point itself means nothing here and is not offered.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sim_core.errors import UserError
from sim_core.settings import checks
from sim_core.settings.options import TO_THE_CSMS, Settings, option, options_of

USED = TO_THE_CSMS | {
    "http_host",
    "http_port",
    "http_api_key",
    "http_open",
    "state_dir",
    "log_file",
    "log_format",
    "message_log_size",
    "theme",
    "ascii",
    "keys",
    "keep_running",
    "fps",
    "id_tag",
}
"""Options of a charge point that count here."""
WORDS = "127.0.0.1:9000 is this computer only, 0.0.0.0:9000 lets a charger in from the network"


class ListenError(UserError):
    """An address that cannot be listened on."""


def csms_or_none(value: str) -> str | None:
    """A URL of a CSMS, or the empty text: then it is our own."""
    return checks.websocket_url(value) if value else None


def address(value: str) -> str | None:
    """HOST:PORT with a host that is said in words."""
    try:
        place_to_listen(value)
    except ListenError as error:
        return str(error)
    return None


def place_to_listen(value: str) -> tuple[str, int]:
    """Host and port of `--listen`. Raises ListenError with a sentence without full stop."""
    host, colon, port = value.strip().rpartition(":")
    if not colon and value.strip().isdecimal():
        host, port = "127.0.0.1", value.strip()
    if not port.isascii() or not port.isdecimal() or len(port) > 5 or int(port) > 65_535:
        raise ListenError("the port is a whole number from 0 to 65535")
    host = host.removeprefix("[").removesuffix("]")
    if not host or host == "*":
        raise ListenError(f"it does not say on which address: {WORDS}")
    if host != "localhost":
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ListenError(f"it is no address of this computer but a name: {WORDS}") from None
    return host, int(port)


@dataclass(frozen=True)
class BedsideSettings(Settings):
    """Stand between a real charger and its CSMS: relay every byte, look, record.

    Set the charger's CSMS address to this computer, as ws://<this computer>:9000/<its id>. Without
    --csms-url a small CSMS of our own answers it.
    """

    NOT_OFFERED: ClassVar[frozenset[str]] = frozenset(options_of(Settings)) - USED

    csms_url: str = option(
        "",
        "a ws:// or wss:// URL",
        "The CSMS that the charger is relayed to; where the URL has a path, the charger's id is "
        "appended to it, else the charger's own path is kept. Without it a CSMS of our own answers",
        repr=False,
        check=csms_or_none,
    )
    keep_running: bool = option(
        True,
        "true or false",
        "When the terminal goes away (SIGHUP), relay on without it until SIGTERM",
    )
    bedside_listen: str = option(
        "127.0.0.1:9000",
        "an address of this computer with a port, such as 0.0.0.0:9000",
        "Where the charger dials in: 127.0.0.1:9000 is this computer only, 0.0.0.0:9000 lets it in "
        "from the network",
        check=address,
        short_flag="listen",
    )
    bedside_cert: Path | None = option(
        None,
        "a PEM file",
        "Our certificate for the charger: it then dials wss://",
        short_flag="listen-cert",
    )
    bedside_key: Path | None = option(
        None, "a PEM file", "The key of that certificate", short_flag="listen-key"
    )
    bedside_look_only: bool = option(
        False,
        "true or false",
        "Only look: no key sends a command to the charger",
        short_flag="look-only",
    )
    bedside_record: bool = option(
        True,
        "true or false",
        "Write what passes to STATE_DIR/recordings, from the first frame on",
        short_flag="record",
    )
    bedside_twin: str | None = option(
        None,
        "gresgying-f3-eu180, generic, or a path to a TOML file",
        "Run a twin of this model beside each charger, and say where they differ",
        short_flag="twin",
    )
    bedside_twin_quirks: str = option(
        "all",
        "none, all, or names with commas between them",
        "The habits that the twin has",
        short_flag="twin-quirks",
    )
    bedside_allow: str = option(
        "",
        "sentences as they are said, with * for any text, and ; between them",
        "Differences from the twin that are known: they are marked, and do not count",
        short_flag="allow",
    )
    bedside_redact: bool = option(
        False,
        "true or false",
        "Write it without idTags, serial numbers, hosts and keys, so that it can be given away",
        short_flag="redact",
    )
