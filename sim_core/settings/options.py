"""Every option, once: flags, environment, `.env` and a TOML file are four ways to say the same.

Flags win over the environment, that over `.env`, that over the file. `load` turns whatever is
wrong into one sentence that names the option, the value and what is allowed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from sim_core.errors import UserError
from sim_core.redaction import HIDDEN, names_secret, public_url, without_users
from sim_core.settings.authorization_key import key_bytes
from sim_core.settings.csms_url import NO_SCHEME, PERCENT_ADVICE, trouble
from sim_core.settings.option_files import FileError, OptionFile, env_file, toml_file
from sim_core.settings.spelling import SpellingError, in_one_piece, with_switches_on

CONFIG_FILE, CONFIG_VARIABLE = "chargeforge.toml", "CHARGEFORGE_CONFIG"
MAY_CARRY_A_PASSWORD = ("csms_url", "proxy")
SAID = ("cp_vendor", "cp_model", "cp_serial_number", "firmware_version", "iccid", "id_tag")
"""Texts that the CSMS reads as they are."""
PORT = re.compile(r"(://[^/?#@\[]*:)(?![0-9]+(?:[/?#\"]|\Z))[^/?#@\"]+")
"""What stands in the place of a port and is none: the beginning of a password, perhaps, whose end
was cut off, as `.env` does at a blank with a # behind it."""
ABOUT_OPTION = re.compile(r"([A-Z][A-Z0-9_]+)(?: \(--|: )")
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h", "socks4", "socks4a")


class ConfigError(UserError):
    """An option that cannot be used."""


NO_PROXY = "it is no URL of a proxy"
SAID_ANYWAY = (NO_SCHEME, NO_PROXY)
"""Reasons that what is allowed tells as well."""


class UrlError(ValueError):
    """Why a URL cannot be used, in our own words: a library's may quote what is secret in it."""


def option(default: Any, allowed: str, text: str, **limits: Any) -> Any:
    """A field with its default, what is allowed and what it means, each as people read it."""
    return Field(default, description=text, json_schema_extra={"allowed": allowed}, **limits)


OLDER_NAMES = {
    "TLS_CA_CERT": "ca_cert",
    "TLS_CLIENT_CERT": "client_cert",
    "TLS_CLIENT_KEY": "client_key",
}
"""Environment variables of the first simulator that still work."""


class OlderNames(PydanticBaseSettingsSource):
    """Options under the names that they once had."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        older = next(name for name, new in OLDER_NAMES.items() if new == field_name)
        return os.environ.get(older), field_name, False

    def __call__(self) -> dict[str, Any]:
        return {new: os.environ[old] for old, new in OLDER_NAMES.items() if os.environ.get(old)}


class TomlFile(InitSettingsSource):
    """The options of the TOML file."""


@dataclass(frozen=True)
class Sources:
    """Where each option was said, for whoever has to mend it."""

    flags: frozenset[str] = frozenset()
    """Options on the command line: whoever typed them knows."""
    dotenv: OptionFile = field(default_factory=OptionFile)
    toml: OptionFile = field(default_factory=OptionFile)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences about what is probably a mistake."""
        return (*self.dotenv.remarks, *self.toml.remarks)

    def of(self, option: str) -> str:
        """Where an option comes from, in a sentence; empty for a flag and for a default."""
        if option in self.flags:
            return ""
        names = [name for name in os.environ if name.lower() == option and os.environ[name]]
        older = [
            name for name, new in OLDER_NAMES.items() if new == option and os.environ.get(name)
        ]
        if found := [*names, *older]:
            return f" It comes from the environment variable {found[0]}."
        place = self.dotenv.place(option) or self.toml.place(option)
        return f" It comes from {place}." if place else ""

    def named(self, sentence: str) -> str:
        """A sentence about an option, `NAME (--name) …` or `NAME: …`, with its source."""
        about = ABOUT_OPTION.match(sentence)
        return sentence + self.of(about[1].lower()) if about else sentence


class Settings(BaseSettings):
    """What can be set. The names in upper case are the environment variables."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )
    _sources: Sources = PrivateAttr(default_factory=Sources)

    csms_url: str = option(
        "ws://127.0.0.1:9000/ocpp",
        "a ws:// or wss:// URL",
        "The CSMS to connect to; the charge point's id is appended as the last path segment, "
        "unless {cpid} stands in its path or query",
        repr=False,
    )
    cpid: str = option(
        "TestCP01",
        "1 to 48 characters",
        "The charge point's id (identity), percent-encoded on the wire",
        min_length=1,
        max_length=48,
    )
    connectors: int = option(
        2, "a whole number from 1 to 64", "How many connectors there are", ge=1, le=64
    )
    model: str = option(
        "gresgying-f3-eu180",
        "gresgying-f3-eu180, generic, or a path to a TOML file",
        "The make of charger to be: gresgying-f3-eu180, generic, or your own TOML file",
    )
    timing: Literal["swift", "real"] = option(
        "swift", "swift or real", "swift: a start takes about a second; real: as long as the metal"
    )
    quirks: str = option(
        "none",
        "none, all, or names of the model's quirks with commas between them",
        "Habits of the model beyond the OCPP text: none, all, or names with commas between them",
    )
    cp_vendor: str | None = option(
        None,
        "1 to 20 printable characters",
        "chargePointVendor in BootNotification, in place of the model's",
        min_length=1,
        max_length=20,
    )
    cp_model: str | None = option(
        None,
        "1 to 20 printable characters",
        "chargePointModel in BootNotification, in place of the model's",
        min_length=1,
        max_length=20,
    )
    cp_serial_number: str | None = option(
        None,
        "at most 25 printable characters",
        "chargePointSerialNumber in BootNotification, in place of the model's",
        max_length=25,
    )
    firmware_version: str | None = option(
        None,
        "at most 50 printable characters",
        "firmwareVersion in BootNotification, in place of the model's",
        max_length=50,
    )
    iccid: str | None = option(
        None,
        "at most 20 printable characters",
        "iccid in BootNotification, in place of the model's",
        max_length=20,
    )
    id_tag: str = option(
        "MY_TAG",
        "1 to 20 printable characters",
        "The card that a start takes when it names none",
        min_length=1,
        max_length=20,
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
        "Seconds between MeterValues: the key MeterValueSampleInterval at the first start",
        ge=0,
        le=86_400,
    )
    extra_measurands: str = option(
        "",
        "names of OCPP measurands with commas between them",
        "Measurands to add to the first value of the key MeterValuesSampledData",
    )
    temperature_unit: Literal["Celsius", "Celcius", "K", "Fahrenheit"] | None = option(
        None,
        "Celsius, Celcius (as the first schemas of OCPP 1.6 spell it), K or Fahrenheit",
        "Unit of Temperature in MeterValues, in place of the model's: Celcius for a CSMS that "
        "refuses Celsius",
    )
    noise_w_percent: float = option(
        5.0,
        "a number from 0 (exact) to 50",
        "How much the power wavers, in percent; 0 is exact",
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
        "16 to 20 characters, or 32 to 40 hexadecimal digits",
        "The password for the CSMS (HTTP basic authentication)",
    )
    proxy: str | None = option(
        None,
        "an http://, https:// or socks5:// URL of a proxy, with host and port and without a path",
        "Reach the CSMS through this proxy; without it none is used, whatever the environment says",
        repr=False,
    )
    state_dir: Path | None = option(
        None,
        "a folder that can be written to, or :memory: to keep nothing",
        "Where meters, transactions and unsent messages are kept; :memory: keeps nothing",
    )
    ocpp_keys: Annotated[dict[str, str], NoDecode] = option(
        {},
        'a JSON object such as {"HeartbeatInterval": "60"}',
        "OCPP configuration keys to start with, as a JSON object",
        repr=False,
    )
    log_file: Path | None = option(
        None, "a file that can be written to", "Write a log to this file (the screen shows no log)"
    )
    log_format: Literal["plain", "json"] = option(
        "plain",
        "plain or json",
        "What headless prints: plain sentences, or one JSON object a line",
    )
    stop_on_exit: bool = option(
        False,
        "true or false",
        "Stop what charges when the program ends in good order (reason Reboot); false leaves it "
        "to the next start, as after a power cut",
    )
    ocpp_version: Literal["1.6", "2.0.1"] = option(
        "1.6", "1.6 (2.0.1 is planned)", "The OCPP version to speak"
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
        "The longest pause between two attempts to connect",
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
    keys: Annotated[dict[str, str], NoDecode] = option(
        {},
        'a JSON object such as {"stop": "X", "zoom": "f5"}; in TOML the table [keys]',
        "Other keys for actions of the dashboard; several with spaces between them, empty for none",
    )
    keep_running: bool = option(
        False,
        "true or false",
        "When the terminal of the dashboard goes away (SIGHUP), go on without it until SIGTERM",
    )
    seed: int | None = option(
        None, "a whole number", "Seed of everything random, for a run that repeats"
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

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences about what was given and is probably a mistake."""
        return self._sources.remarks

    @contextmanager
    def naming_sources(self) -> Iterator[None]:
        """Inside, a UserError about an option says where that option comes from."""
        try:
            yield
        except UserError as error:
            error.args = (self._sources.named(str(error)),)
            raise

    def state_folder(self) -> Path:
        """The folder for what is kept; `:memory:` keeps nothing."""
        return self.state_dir or Path(platformdirs.user_state_dir("chargeforge"))

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: object, info: ValidationInfo) -> object:
        kind = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and kind not in (bool, bool | None):
            raise ValueError("neither true nor false")
        return value

    @field_validator("csms_url")
    @classmethod
    def _websocket_url(cls, value: str) -> str:
        if why := trouble(value):
            raise UrlError(why)
        return value

    @field_validator("cpid")
    @classmethod
    def _utf8(cls, value: str) -> str:
        value.encode()  # a byte of the command line that is no UTF-8 is half a character
        return value

    @field_validator(*SAID)
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("a character that cannot be printed")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy_url(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parts = urlsplit(value)
                known = parts.scheme in PROXY_SCHEMES and parts.hostname and parts.port != 0
            except ValueError:  # its text may have the password in it
                known = None
            if not known or parts.path.strip("/") or parts.query or parts.fragment:
                raise UrlError(PERCENT_ADVICE if "@" in value else NO_PROXY)
            if parts.username is not None and parts.password is None:
                raise UrlError("there is a name without a password")
        return value

    @field_validator("authorization_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and key_bytes(value.get_secret_value()) is None:
            raise ValueError("not an authorization key")
        return value

    @field_validator("ocpp_keys", "keys", mode="before")
    @classmethod
    def _json_object(cls, value: object) -> object:
        if isinstance(value, str):
            value = json.loads(value)
        if isinstance(value, dict) and all(
            isinstance(word, (str, int, float)) for word in value.values()
        ):
            return {
                str(key): str(word).lower() if isinstance(word, bool) else str(word)
                for key, word in value.items()
            }
        raise ValueError("not a JSON object")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        older = OlderNames(settings_cls)
        options = toml_options(settings_cls).options
        toml = TomlFile(settings_cls, dict(options))
        return (init_settings, env_settings, older, dotenv_settings, toml)


S = TypeVar("S", bound=Settings)


def colour_wanted() -> bool:
    """Whether a terminal may be given colours: its owner has not said no, and it knows them."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def option_names(field: str) -> tuple[str, str]:
    """The environment variable and the flag of a field."""
    return field.upper(), "--" + field.replace("_", "-")


def toml_options(kind: type[BaseSettings]) -> OptionFile:
    """What the TOML file says, if there is one. Raises FileError, ConfigError."""
    path = Path(os.environ.get(CONFIG_VARIABLE) or CONFIG_FILE)
    if path.is_dir() and os.environ.get(CONFIG_VARIABLE):
        raise ConfigError(f"{CONFIG_VARIABLE} is {str(path)!r}: that is a folder, not a TOML file.")
    if path.is_fifo():
        raise ConfigError(
            f"{CONFIG_VARIABLE} is {str(path)!r}: that is a pipe, which cannot be read twice; name "
            "a file."
        )
    if path.exists():
        return toml_file(path, kind.model_fields)
    if os.environ.get(CONFIG_VARIABLE):
        raise ConfigError(
            f"{CONFIG_VARIABLE} is {str(path)!r}: there is no such file; mend or unset it."
        )
    return OptionFile(str(path))


def _allowed(kind: type[BaseSettings], option: str) -> str:
    extra = kind.model_fields[option].json_schema_extra
    return str(extra["allowed"]) if isinstance(extra, dict) else ""


def _sentence(error: ValidationError, kind: type[Settings]) -> str:
    first = error.errors()[0]
    option = str(first["loc"][0])
    info: FieldInfo = kind.model_fields[option]
    allowed = _allowed(kind, option)
    variable, flag = option_names(option)
    given = first["input"]
    shown = given if isinstance(given, str) else json.dumps(given, default=str)
    if isinstance(given, SecretStr) or "Secret" in str(info.annotation):
        shown = "(secret)"
    elif option in MAY_CARRY_A_PASSWORD:
        shown = PORT.sub(rf"\1{HIDDEN}", public_url(shown))
    elif names_secret(shown, ("authorizationkey",)):
        shown = HIDDEN
    else:
        shown = without_users(shown)
    why = first.get("ctx", {}).get("error")
    reason = f"{why}; " if isinstance(why, UrlError) and str(why) not in SAID_ANYWAY else ""
    return f"{variable} ({flag}) is {shown!r}: {reason}allowed is {allowed}."


def load(argv: list[str], prog: str = "chargeforge") -> Settings:
    """`load_as` for one charge point."""
    return load_as(Settings, argv, prog)


def load_as(kind: type[S], argv: list[str], prog: str) -> S:
    """Read every source and return the settings, which may have more options than `Settings`.

    Raises ConfigError with a sentence for the user; SystemExit(0) after `--help`.
    """
    flags = flags_of(kind)
    switches = {
        flag
        for flag, name in flags.items()
        if kind.model_fields[name].annotation in (bool, bool | None)
    }
    allowed = {flag: _allowed(kind, name) for flag, name in flags.items()}
    try:
        pieces = in_one_piece(with_switches_on(argv, switches), allowed, prog)
        dotenv, toml = env_file(kind.model_fields), toml_options(kind)
    except (FileError, SpellingError) as error:
        raise ConfigError(str(error)) from None
    words = (piece.partition("=")[0] for piece in pieces)
    sources = Sources(frozenset(flags[word] for word in words if word in flags), dotenv, toml)
    try:
        settings = kind(
            _cli_parse_args=pieces,  # type: ignore[call-arg]
            _cli_prog_name=prog,
            _cli_kebab_case=True,
            _cli_hide_none_type=True,
            _cli_avoid_json=True,
            _cli_exit_on_error=False,
        )
    except ValidationError as error:
        raise ConfigError(sources.named(_sentence(error, kind))) from None
    except SettingsError as error:
        raise ConfigError(f"{error}.") from None
    settings._sources = sources
    if settings.ocpp_version == "2.0.1":
        raise ConfigError(
            sources.named(
                "OCPP_VERSION (--ocpp-version) is '2.0.1': that is planned and not built yet; "
                "use 1.6."
            )
        )
    return settings


def flags_of(kind: type[BaseSettings]) -> dict[str, str]:
    """The option of each flag."""
    flags = {option_names(name)[1]: name for name in kind.model_fields}
    shortcuts: Mapping[str, Any] = kind.model_config.get("cli_shortcuts") or {}
    for flag, short in shortcuts.items():
        for one in [short] if isinstance(short, str) else short:
            flags[f"--{one}"] = flag.replace("-", "_")
    return flags
