"""Reads options from everywhere they may be said, with pydantic-settings, and explains mistakes.

Flags win over the environment, that over `.env`, that over the TOML file. pydantic finds the texts
and makes values of them; whether a value will do is asked of the table in `options`, and whatever
is wrong is one sentence that names the option, the value and what is allowed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    CLI_SUPPRESS,
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from sim_core.redaction import HIDDEN, names_secret, public_url, without_users
from sim_core.settings.option_files import FileError, env_file, toml_file
from sim_core.settings.options import (
    ConfigError,
    Option,
    Settings,
    flags_of,
    option_names,
    options_of,
)
from sim_core.settings.sources import (
    CONFIG_FILE,
    CONFIG_VARIABLE,
    ENV_FILE,
    OLDER_NAMES,
    OptionFile,
    Sources,
)
from sim_core.settings.spelling import SpellingError, in_one_piece, with_switches_on

S = TypeVar("S", bound=Settings)

MAY_CARRY_A_PASSWORD = ("csms_url", "proxy")
PORT = re.compile(r"(://[^/?#@\[]*:)(?![0-9]+(?:[/?#\"]|\Z))[^/?#@\"]+")
"""What stands in the place of a port and is none: the beginning of a password, perhaps, whose end
was cut off, as `.env` does at a blank with a # behind it."""


def load_full(kind: type[S], argv: list[str], prog: str) -> S:
    """Read every source.

    Raises ConfigError with a sentence for the user; SystemExit(0) after `--help`.
    """
    options, flags = options_of(kind), flags_of(kind)
    switches = {flag for flag, name in flags.items() if options[name].kind == "bool"}
    allowed = {flag: options[name].allowed for flag, name in flags.items()}
    try:
        pieces = in_one_piece(with_switches_on(argv, switches), allowed, prog)
        dotenv, toml = env_file(options), toml_options(kind)
    except (FileError, SpellingError) as error:
        raise ConfigError(str(error)) from None
    words = (piece.partition("=")[0] for piece in pieces)
    sources = Sources(frozenset(flags[word] for word in words if word in flags), dotenv, toml)
    try:
        read = _reader(kind, toml)(
            _cli_parse_args=pieces,
            _cli_prog_name=prog,
            _cli_kebab_case=True,
            _cli_hide_none_type=True,
            _cli_avoid_json=True,
            _cli_exit_on_error=False,
        )
    except ValidationError as error:
        raise ConfigError(sources.named(_sentence(error, options))) from None
    except SettingsError as error:
        raise ConfigError(f"{error}.") from None
    return kind(**{name: getattr(read, name) for name in options}, sources=sources)


def toml_options(kind: type[Settings]) -> OptionFile:
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
        return toml_file(path, options_of(kind))
    if os.environ.get(CONFIG_VARIABLE):
        raise ConfigError(
            f"{CONFIG_VARIABLE} is {str(path)!r}: there is no such file; mend or unset it."
        )
    return OptionFile(str(path))


def _sentence(error: ValidationError, options: dict[str, Option]) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0])
    option = options[name]
    variable, flag = option_names(name)
    given = first["input"]
    shown = given if isinstance(given, str) else json.dumps(given, default=str)
    if option.is_secret:
        shown = "(secret)"
    elif name in MAY_CARRY_A_PASSWORD:
        shown = PORT.sub(rf"\1{HIDDEN}", public_url(shown))
    elif names_secret(shown, ("authorizationkey",)):
        shown = HIDDEN
    else:
        shown = without_users(shown)
    why = first.get("ctx", {}).get("error")
    reason = f"{why}; " if isinstance(why, _UnfitError) and str(why) else ""
    return f"{variable} ({flag}) is {shown!r}: {reason}allowed is {option.allowed}."


# -- the table as pydantic wants it ----------------------------------------------------------------


class _UnfitError(ValueError):
    """Why a value of the right type cannot be used, in our own words."""


class _OlderNames(PydanticBaseSettingsSource):
    """Options under the names that they once had."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        older = next(name for name, new in OLDER_NAMES.items() if new == field_name)
        return os.environ.get(older), field_name, False

    def __call__(self) -> dict[str, Any]:
        return {new: os.environ[old] for old, new in OLDER_NAMES.items() if os.environ.get(old)}


class _TomlFile(InitSettingsSource):
    """The options of the TOML file."""


def _reader(kind: type[Settings], toml: OptionFile) -> type[BaseSettings]:
    """The class that pydantic-settings reads these settings with."""

    class Reader(BaseSettings):
        model_config = SettingsConfigDict(
            env_file=ENV_FILE,
            env_file_encoding="utf-8-sig",
            env_ignore_empty=True,
            extra="ignore",
            cli_shortcuts={
                name.replace("_", "-"): option.short_flag
                for name, option in options_of(kind).items()
                if option.short_flag
            },
        )

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            older = _OlderNames(settings_cls)
            file = _TomlFile(settings_cls, dict(toml.options))
            return (init_settings, env_settings, older, dotenv_settings, file)

    types = get_type_hints(kind, localns={"SecretStr": SecretStr})
    definitions: dict[str, Any] = {
        name: (
            _offered(_type(types[name], option), name not in kind.NOT_OFFERED),
            Field(option.default, description=option.meaning),
        )
        for name, option in options_of(kind).items()
    }
    reader: type[BaseSettings] = create_model(
        kind.__name__, __base__=Reader, __doc__=kind.__doc__, **definitions
    )
    return reader


def _type(type_: Any, option: Option) -> Any:
    """The type of an option with what pydantic has to ask on the way to its value."""
    if option.words:
        type_ = Literal[option.words]
        if option.may_be_none:
            type_ = type_ | None
    type_ = Annotated[type_, AfterValidator(_checked_by(option))]
    if option.kind.startswith("dict"):
        type_ = Annotated[type_, NoDecode, BeforeValidator(_json_object)]
    return type_ if option.kind == "bool" else Annotated[type_, BeforeValidator(_no_yes_or_no)]


def _offered(type_: Any, offered: bool) -> Any:
    """The type of an option that the help names, or does not."""
    return type_ if offered else Annotated[type_, CLI_SUPPRESS]


def _checked_by(option: Option) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        why = None if value is None else option.wrong(value)
        if why is not None:
            raise _UnfitError(why)
        return value

    return checked


def _no_yes_or_no(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def _json_object(value: object) -> object:
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
