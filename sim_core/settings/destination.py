"""Where a charge point dials, and as whom: what may be changed while it runs.

The rules are those of the options, and so are the sentences. A password is in here and shows
nowhere; None leaves the one that is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from sim_core.redaction import public_url
from sim_core.settings.authorization_key import ALLOWED, password_bytes
from sim_core.settings.options import Option, Settings, options_of


@dataclass(frozen=True)
class Destination:
    """A CSMS, and who is to appear there."""

    url: str = field(repr=False)
    """It may have a password in it."""
    charge_point_id: str
    security_profile: int = 0
    password: str | None = field(default=None, repr=False)

    @property
    def without_secrets(self) -> Destination:
        """The same as it may be kept and shown: name and password have gone from the URL."""
        try:
            parts = urlsplit(self.url)
            host = parts.netloc.rpartition("@")[2]
            url = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
        except ValueError:
            url = public_url(self.url)
        return replace(self, url=url, password=None)


def destination_of(settings: Settings) -> Destination:
    """Where these settings lead."""
    return Destination(settings.csms_url, settings.cpid, settings.security_profile)


NAMES = {
    "url": ("csms_url", "the URL"),
    "charge_point_id": ("cpid", "the id"),
    "security_profile": ("security_profile", "the security profile"),
    "password": ("authorization_key", "the password"),
}
"""Field -> its option, and what it is called in a sentence."""


def trouble_of(name: str, value: str | int) -> str:
    """What is wrong with one field, as a sentence without full stop; empty: nothing."""
    option_name, called = NAMES[name]
    option: Option = replace(options_of(Settings)[option_name], kind="str")
    wrong = option.wrong(value)
    if wrong is None:
        return ""
    return f"{called} has to be {option.allowed}" + (f": {wrong}" if wrong else "")


def moved(settings: Settings, where: Destination) -> Settings:
    """The settings with another destination. Raises ValueError with a sentence."""
    for name in ("url", "charge_point_id", "security_profile"):
        if trouble := trouble_of(name, getattr(where, name)):
            raise ValueError(trouble)
    key = settings.authorization_key
    if where.password:
        from pydantic import SecretStr  # costs more than it all where nobody types a password

        if trouble := trouble_of("password", where.password):
            raise ValueError(trouble)
        if password_bytes(where.password, settings.ocpp_version) is None:
            raise ValueError(
                f"the password has to be {ALLOWED.get(settings.ocpp_version, ALLOWED['2.0.1'])}"
            )
        key = SecretStr(where.password)
    profile = where.security_profile
    if profile in (1, 2) and key is None:
        raise ValueError(f"security profile {profile} needs a password: give one")
    if profile == 3 and settings.client_cert is None:
        raise ValueError("security profile 3 needs CLIENT_CERT and CLIENT_KEY, given at the start")
    return replace(
        settings,
        csms_url=where.url,
        cpid=where.charge_point_id,
        security_profile=profile,
        authorization_key=key,
        ocpp_wss=settings.ocpp_wss and where.url == settings.csms_url,
    )
