"""Every option, once: its name, default, limits and meaning.

Flags, environment, `.env` and a TOML file are four ways to say them, and `loading` reads them. Here
nothing is read, and nothing slow is imported: the class is plain, so that both ways to read, the
fast one and the full one, follow the same table, and so do the tables of the documentation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import platformdirs

from sim_core.errors import UserError
from sim_core.runtime import event_loops
from sim_core.settings import checks
from sim_core.settings.sources import NOWHERE, Sources

if TYPE_CHECKING:
    from pydantic import SecretStr


class ConfigError(UserError):
    """An option that cannot be used."""


@dataclass(frozen=True)
class Option:
    """What holds of an option, whoever reads it and wherever it was said."""

    default: Any
    allowed: str
    """What it may be, as people read it."""
    meaning: str
    kind: str = ""
    """Its type as the class has it, without `| None`: int, float, str, bool, Path …"""
    may_be_none: bool = False
    """There is no value unless one is given."""
    ge: float | None = None
    """The least number."""
    le: float | None = None
    """The greatest number."""
    min_length: int = 0
    max_length: int | None = None
    words: tuple[str, ...] = ()
    """The only texts that it may be; empty: any."""
    check: Callable[[str], str | None] | None = None
    """What else is wrong with a text, see `checks`."""
    short_flag: str = ""
    """Another name on the command line, without its dashes; empty: none."""

    @property
    def is_secret(self) -> bool:
        """Whether it is never shown."""
        return self.kind == "SecretStr"

    def wrong(self, value: Any) -> str | None:
        """Why it cannot be this value of its type, None where it can be.

        The empty text says no more than what is allowed does.
        """
        within = (
            (self.ge is None or value >= self.ge)  # what is not a number is neither
            and (self.le is None or value <= self.le)
            and (not self.min_length or len(value) >= self.min_length)
            and (self.max_length is None or len(value) <= self.max_length)
            and (not self.words or value in self.words)
        )
        if not within:
            return ""
        if self.check is None:
            return None
        return self.check(value.get_secret_value() if self.is_secret else value)


def option(default: Any, allowed: str, meaning: str, *, repr: bool = True, **limits: Any) -> Any:
    """A field of `Settings` with what `Option` has of it."""
    about = {"option": Option(default, allowed, meaning, **limits)}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=about, repr=repr)
    return field(default=default, metadata=about, repr=repr)


@dataclass(frozen=True)
class Settings:
    """What can be set. The names in upper case are the environment variables."""

    NOT_OFFERED: ClassVar[frozenset[str]] = frozenset()
    """Options that a command has no use for: its help does not name them."""

    csms_url: str = option(
        "ws://127.0.0.1:9000/ocpp",
        "a ws:// or wss:// URL",
        "The CSMS to connect to; the charge point's id is appended as the last path segment, "
        "unless {cpid} stands in its path or query",
        repr=False,
        check=checks.websocket_url,
    )
    cpid: str = option(
        "TestCP01",
        "1 to 48 characters",
        "The charge point's id (identity), percent-encoded on the wire; run and headless take "
        "several with commas between them",
        min_length=1,
        check=checks.ids,
    )
    charge_points: Path | None = option(
        None,
        "a path to a TOML file",
        "run, headless: several charge points, each with its options in a table [[charge_point]] "
        "of this TOML file",
    )
    connectors: int = option(
        2, "a whole number from 1 to 64", "How many connectors there are", ge=1, le=64
    )
    model: str = option(
        "gresgying-f3-eu180",
        "gresgying-f3-eu180, generic, or a path to a TOML file",
        "The make of charger to be: gresgying-f3-eu180, generic, or your own TOML file; where "
        "none is named, in OCPP 2.0.1 generic",
    )
    timing: str = option(
        "swift",
        "swift or real",
        "swift: a start takes about a second; real: as long as the metal",
        words=("swift", "real"),
    )
    quirks: str = option(
        "none",
        "none, all, or names of the model's quirks with commas between them",
        "Habits of the model beyond the OCPP text: none, all, or names with commas between them",
    )
    equipment: str = option(
        "model",
        "model, all, or names with commas between them: keypad, bay_sensor, signing_meter",
        "What is built in beyond the model's own: keypad, bay_sensor, signing_meter (OCPP 2.0.1)",
    )
    cp_vendor: str | None = option(
        None,
        "1 to 20 printable characters",
        "The vendor's name in BootNotification, in place of the model's",
        min_length=1,
        max_length=20,
        check=checks.printable,
    )
    cp_model: str | None = option(
        None,
        "1 to 20 printable characters",
        "The name of the model in BootNotification, in place of the model's own",
        min_length=1,
        max_length=20,
        check=checks.printable,
    )
    cp_serial_number: str | None = option(
        None,
        "at most 25 printable characters",
        "The serial number in BootNotification, in place of the model's",
        max_length=25,
        check=checks.printable,
    )
    firmware_version: str | None = option(
        None,
        "at most 50 printable characters",
        "firmwareVersion in BootNotification, in place of the model's",
        max_length=50,
        check=checks.printable,
    )
    iccid: str | None = option(
        None,
        "at most 20 printable characters",
        "iccid in BootNotification, in place of the model's",
        max_length=20,
        check=checks.printable,
    )
    id_tag: str = option(
        "MY_TAG",
        "1 to 20 printable characters",
        "The card that a start takes when it names none",
        min_length=1,
        max_length=20,
        check=checks.printable,
    )
    garage: Path | None = option(
        None,
        "a path to a TOML file",
        "The vehicles that arrive: your own TOML file in place of those that come along",
    )
    meter_start_wh: int = option(
        0,
        "a whole number of Wh, 0 or more",
        "Energy register of a new connector",
        ge=0,
        le=10**12,
    )
    meter_rate_w: float | None = option(
        None,
        "a number of watts from 0 to 1000000",
        "Charge with this constant power in place of the vehicle's curve",
        ge=0,
        le=1_000_000,
    )
    meter_period_sec: int | None = option(
        None,
        "a whole number of seconds from 0 to 86400 (0: no samples)",
        "Seconds between samples: in OCPP 1.6 the key MeterValueSampleInterval at the first start",
        ge=0,
        le=86_400,
    )
    extra_measurands: str = option(
        "",
        "names of OCPP measurands with commas between them",
        "Measurands to add to those sampled: in OCPP 1.6 to the first MeterValuesSampledData",
    )
    temperature_unit: str | None = option(
        None,
        "Celsius, Celcius (as the first schemas of OCPP 1.6 spell it), K or Fahrenheit",
        "Unit of Temperature in meter values, in place of the model's: Celcius for a CSMS that "
        "refuses Celsius",
        words=("Celsius", "Celcius", "K", "Fahrenheit"),
    )
    noise_w_percent: float | None = option(
        None,
        "a number from 0 (exact) to 50",
        "How much the power wavers, in percent; 0 is exact; without it as the model says, or 5",
        ge=0,
        le=50,
    )
    http_host: str = option("127.0.0.1", "a host name or address", "Where the HTTP sidecar binds")
    http_port: int = option(
        7071,
        "a port from 0 to 65535 (0: off)",
        "Port of the HTTP sidecar; 0 turns it off",
        ge=0,
        le=65_535,
    )
    http_api_key: SecretStr | None = option(
        None,
        "a text of 1 to 200 characters",
        "What changes something over HTTP must bring this in the header X-API-Key",
        min_length=1,
        max_length=200,
    )
    http_open: bool = option(
        False,
        "true or false",
        "Let the HTTP sidecar bind beyond loopback without a key",
    )
    ocpp_wss: bool = option(False, "true or false", "Use TLS (wss) even where CSMS_URL says ws://")
    ssl_verify: bool = option(
        True, "true or false", "Check the CSMS's certificate; false is for tests only"
    )
    ca_cert: Path | None = option(
        None, "a PEM file", "The CA that the CSMS's certificate comes from, beside the system's"
    )
    client_cert: Path | None = option(
        None, "a PEM file", "Our certificate for the CSMS (security profile 3)"
    )
    client_key: Path | None = option(None, "a PEM file", "The key of CLIENT_CERT")
    client_key_passphrase: SecretStr | None = option(None, "a text", "The passphrase of CLIENT_KEY")
    security_profile: int = option(
        0,
        "0, 1 (password), 2 (TLS and password) or 3 (TLS and client certificate)",
        "Security profile to start with; a CSMS may raise it, never lower it",
        ge=0,
        le=3,
    )
    authorization_key: SecretStr | None = option(
        None,
        "16 to 20 characters, or 32 to 40 hexadecimal digits; in OCPP 2.0.1 16 to 64 characters",
        "The password for the CSMS (HTTP basic authentication)",
        check=checks.authorization_key,
    )
    proxy: str | None = option(
        None,
        "an http://, https:// or socks5:// URL of a proxy, with host and port and without a path",
        "Reach the CSMS through this proxy; without it none is used, whatever the environment says",
        repr=False,
        check=checks.proxy_url,
    )
    state_dir: Path | None = option(
        None,
        "a folder that can be written to, or :memory: to keep nothing",
        "Where meters, transactions and unsent messages are kept; :memory: keeps nothing",
    )
    ocpp_keys: dict[str, str] = option(
        {},
        'a JSON object such as {"HeartbeatInterval": "60"}',
        "Configuration keys of OCPP 1.6 to start with, as a JSON object",
        repr=False,
    )
    log_file: Path | None = option(
        None, "a file that can be written to", "Write a log to this file (the screen shows no log)"
    )
    log_format: str = option(
        "plain",
        "plain or json",
        "What headless prints: plain sentences, or one JSON object a line",
        words=("plain", "json"),
    )
    stop_on_exit: bool = option(
        False,
        "true or false",
        "Stop what charges when the program ends in good order (reason Reboot); false leaves it "
        "to the next start, as after a power cut",
    )
    ocpp_version: str = option(
        "1.6",
        "1.6, 2.0.1 or auto",
        "The OCPP version to speak; auto offers both, and the CSMS chooses",
        words=("1.6", "2.0.1", "auto"),
    )
    call_timeout_sec: float = option(
        30.0,
        "a number of seconds from 1 to 600",
        "How long a call may wait for its answer",
        ge=1,
        le=600,
    )
    reconnect_max_sec: float = option(
        30.0,
        "a number of seconds from 1 to 3600",
        "The longest pause between two attempts to connect; in OCPP 2.0.1 its variables say that "
        "(OCPPCommCtrlr.RetryBackOff…)",
        ge=1,
        le=3_600,
    )
    message_log_size: int = option(
        20_000,
        "a whole number from 100 to 1000000",
        "How many exchanges with the CSMS are remembered",
        ge=100,
        le=1_000_000,
    )
    theme: str = option(
        "",
        "chargeforge-dark, chargeforge-light, chargeforge-contrast or a theme of Textual's",
        "Colours of the dashboard; empty: what suits the terminal",
    )
    ascii: bool | None = option(
        None,
        "true or false",
        "Draw the dashboard with ASCII characters only; without it: by what the terminal can show",
    )
    keys: dict[str, str] = option(
        {},
        'a JSON object such as {"stop": "X", "zoom": "f5"}; in TOML the table [keys]',
        "Other keys for actions of the dashboard; several with spaces between them, empty for none",
    )
    play: Path | None = option(
        None,
        "a file as the key R of the dashboard writes it",
        "run, headless: play this recording once the CSMS has accepted the charge point",
    )
    faults: Path | None = option(
        None,
        "a YAML file with a list of faults",
        "run, headless, fleet: do this to frames on the wire, from the first on (docs/faults.md)",
    )
    keep_running: bool = option(
        False,
        "true or false",
        "When the terminal of the dashboard goes away (SIGHUP), go on without it until SIGTERM",
    )
    seed: int | None = option(
        None, "a whole number", "Seed of everything random, for a run that repeats"
    )
    event_loop: str = option(
        event_loops.AUTO,
        "auto, asyncio or uvloop",
        "What the charge point runs on: auto takes uvloop where it is installed (extra fast)",
        words=event_loops.KINDS,
    )
    time_scale: float = option(
        1.0,
        "a number from 0.1 to 1000",
        "How fast time passes for the charge point: 60 makes an hour a minute",
        ge=0.1,
        le=1_000,
    )
    fps: int = option(
        4,
        "a whole number from 1 to 30",
        "How many times a second the dashboard looks at the charge point",
        ge=1,
        le=30,
    )
    sources: Sources = field(default=NOWHERE, kw_only=True, repr=False, compare=False)
    """Where each was said. It is no option."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences about what was given and is probably a mistake."""
        return self.sources.remarks

    @contextmanager
    def naming_sources(self) -> Iterator[None]:
        """Inside, a UserError about an option says where that option comes from."""
        try:
            yield
        except UserError as error:
            error.args = (self.sources.named(str(error)),)
            raise

    def state_folder(self) -> Path:
        """The folder for what is kept; `:memory:` keeps nothing."""
        return self.state_dir or Path(platformdirs.user_state_dir("chargeforge"))


TO_THE_CSMS = frozenset(
    {
        "csms_url",
        "ocpp_wss",
        "ssl_verify",
        "ca_cert",
        "client_cert",
        "client_key",
        "client_key_passphrase",
        "proxy",
        "call_timeout_sec",
    }
)
"""Options that say where the CSMS is and how it is reached, whoever dials it."""


def options_of(kind: type[Settings]) -> dict[str, Option]:
    """Every option by its name, in the order of the table."""
    found: dict[str, Option] = {}
    for one in fields(kind):
        if "option" in one.metadata:
            type_, _, none = str(one.type).partition(" | ")
            option: Option = one.metadata["option"]
            found[one.name] = replace(option, kind=type_, may_be_none=bool(none))
    return found


def option_names(name: str) -> tuple[str, str]:
    """The environment variable and the flag of an option."""
    return name.upper(), "--" + name.replace("_", "-")


def flags_of(kind: type[Settings]) -> dict[str, str]:
    """The option of each flag."""
    options = options_of(kind)
    flags = {option_names(name)[1]: name for name in options}
    short = {f"--{one.short_flag}": name for name, one in options.items() if one.short_flag}
    return flags | short


def colour_wanted() -> bool:
    """Whether a terminal may be given colours: its owner has not said no, and it knows them."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
