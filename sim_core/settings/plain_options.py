"""Options so plain that a look at their text is enough: a dashboard is to be there at once.

To import pydantic and build `Settings` takes longer than to draw the first frame. So what the
first frame needs is read here where that is beyond doubt: every option that is given stands in
this table, its text is of the plainest form, and no file has a say. Whatever is not like that, and
everything wrong, is left to `config.load` before anything is drawn; and where it was like that,
`config.load` reads it all again, on the thread that first asks for more than stands here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sim_core.settings.csms_url import trouble
from sim_core.settings.spelling import with_switches_on

if TYPE_CHECKING:
    from sim_core.settings.options import Settings

Read = Callable[[str], Any]
"""The value of a text; None for a text that is not plain."""

WORD = re.compile(r"[A-Za-z0-9/:][A-Za-z0-9_./:-]{0,199}", re.ASCII)
NOT_WORDS = ("null", "none")
"""Words that mean nothing at all on a command line."""


def _word(longest: int) -> Read:
    def read(text: str) -> str | None:
        plain = WORD.fullmatch(text) and text.lower() not in NOT_WORDS
        return text if plain and len(text) <= longest else None

    return read


def _url(text: str) -> str | None:
    return text if WORD.fullmatch(text) and not trouble(text) else None


def _path(text: str) -> Path | None:
    return Path(text) if WORD.fullmatch(text) and text.lower() not in NOT_WORDS else None


def _whole(least: int, most: int) -> Read:
    def read(text: str) -> int | None:
        plain = re.fullmatch("0|[1-9][0-9]{0,6}", text, re.ASCII)
        return int(text) if plain and least <= int(text) <= most else None

    return read


def _one_of(**meaning: Any) -> Read:
    return meaning.get


_YES_NO = _one_of(true=True, false=False)


def _never(text: str) -> None:
    """For an option that only `config.load` can read."""


class Plain(NamedTuple):
    """One option: what it is when it is not given, and how its plainest form reads."""

    default: Any
    read: Read


PLAIN: dict[str, Plain] = {
    "csms_url": Plain("ws://127.0.0.1:9000/ocpp", _url),
    "cpid": Plain("TestCP01", _word(48)),
    "connectors": Plain(2, _whole(1, 64)),
    "model": Plain("gresgying-f3-eu180", _word(200)),
    "timing": Plain("swift", _one_of(swift="swift", real="real")),
    "quirks": Plain("none", _one_of(all="all")),
    "id_tag": Plain("MY_TAG", _word(20)),
    "http_host": Plain("127.0.0.1", _word(200)),
    "http_port": Plain(7071, _whole(0, 65_535)),
    "http_api_key": Plain(None, _never),
    "state_dir": Plain(None, _path),
    "log_file": Plain(None, _path),
    "stop_on_exit": Plain(False, _YES_NO),
    "message_log_size": Plain(20_000, _whole(100, 1_000_000)),
    "theme": Plain("", _word(200)),
    "ascii": Plain(None, _YES_NO),
    "keys": Plain({}, _never),
    "keep_running": Plain(False, _YES_NO),
    "time_scale": Plain(1.0, _never),
    "fps": Plain(4, _whole(1, 30)),
}
"""What a dashboard asks for before its first frame, and what is often given."""

OTHERS = frozenset(
    (
        "cp_vendor",
        "cp_model",
        "cp_serial_number",
        "firmware_version",
        "iccid",
        "garage",
        "meter_start_wh",
        "meter_rate_w",
        "meter_period_sec",
        "extra_measurands",
        "temperature_unit",
        "noise_w_percent",
        "http_open",
        "ocpp_wss",
        "ssl_verify",
        "ca_cert",
        "client_cert",
        "client_key",
        "client_key_passphrase",
        "security_profile",
        "authorization_key",
        "proxy",
        "ocpp_keys",
        "log_format",
        "ocpp_version",
        "call_timeout_sec",
        "reconnect_max_sec",
        "seed",
        "chargeforge_config",
        "tls_ca_cert",
        "tls_client_cert",
        "tls_client_key",
    )
)
"""Where one of these is given, nothing is plain. The last four are not options but have a say."""

SWITCHES = frozenset(
    "--" + name.replace("_", "-") for name, option in PLAIN.items() if option.read is _YES_NO
)
"""Flags that may stand alone."""
FILES = (".env", "chargeforge.toml")


class PlainSettings:
    """`Settings` whose plain options are known, and whose others are read when first asked for."""

    def __init__(self, known: dict[str, Any], load: Callable[[], Settings]) -> None:
        self._known = known
        self._load = load
        self._whole: Settings | None = None

    def state_folder(self) -> Path:
        """See `Settings.state_folder`."""
        import platformdirs

        folder: Path | None = self._known["state_dir"]
        return folder or Path(platformdirs.user_state_dir("chargeforge"))

    def whole(self) -> Settings:
        """All of them. Two threads that ask at once read twice, and the same."""
        if self._whole is None:
            self._whole = self._load()
        return self._whole

    def __getattr__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        return getattr(self.whole(), name)


def load_late(argv: list[str], prog: str) -> Settings:
    """As `config.load`, but where all is plain that is read only when it is needed."""

    def load() -> Settings:
        from sim_core.settings.options import load

        return load(argv, prog)

    given = plain_options(argv)
    return load() if given is None else cast("Settings", PlainSettings(given, load))


def plain_options(argv: list[str]) -> dict[str, Any] | None:
    """The options of the table, given or not; None where anything given is not plain."""
    texts = _given(argv)
    if texts is None or any(Path(name).exists() for name in FILES):
        return None
    known = {name: option.default for name, option in PLAIN.items()}
    for name, text in texts.items():
        known[name] = PLAIN[name].read(text)
        if known[name] is None:
            return None
    return known


def _given(argv: list[str]) -> dict[str, str] | None:
    """The text of each option, flags before the environment; None where another has a say."""
    texts: dict[str, str] = {}
    for variable, text in os.environ.items():
        name = variable.lower()
        if text and (name in PLAIN or name in OTHERS):
            if name in OTHERS or variable != name.upper():
                return None
            texts[name] = text
    flags: dict[str, str] = {}
    words = iter(with_switches_on(argv, SWITCHES))
    for word in words:
        flag, is_one, text = word.partition("=")
        name = flag[2:].replace("-", "_")
        plain = flag == "--" + name.replace("_", "-") and name in PLAIN and name not in flags
        if not plain:
            return None
        flags[name] = text if is_one else next(words, "")
    return texts | flags
