"""What the settings make of a charge point: its configuration, the CSMS's address, how it gets in.

Whatever is wrong is a sentence for the user.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.config import ChargePointConfig
from sim_core.errors import UserError
from sim_core.hardware.measurands import REGISTER, measurands_of
from sim_core.hardware.model import KeyText, Metering, Model, Timing
from sim_core.ocpp16.configuration_keys import keys_of, standard_keys
from sim_core.settings.authorization_key import ALLOWED, password_bytes
from sim_core.settings.garage_file import load_garage
from sim_core.settings.model_file import (
    ModelError,
    chosen_equipment,
    chosen_quirks,
    load_model,
)
from sim_core.settings.options import ConfigError, Settings, options_of
from sim_core.wire.access import Access, Tls

PLAIN = "generic"
SAMPLED = "MeterValuesSampledData"
USUAL_NOISE = 0.05


def config_of(settings: Settings) -> ChargePointConfig:
    """What the settings make the charge point of.

    Raises ConfigError or ModelError with a sentence for the user.
    """
    model = model_of(settings)
    quirks, keys = chosen_quirks(settings.quirks, model)
    keys.update(settings.ocpp_keys)
    if settings.meter_period_sec is not None:
        keys.setdefault("MeterValueSampleInterval", str(settings.meter_period_sec))
    if settings.extra_measurands.strip():
        keys[SAMPLED] = _with_extra_measurands(settings, model, keys.get(SAMPLED))
    timing = model.timing[settings.timing]
    return ChargePointConfig(
        charge_point_id=settings.cpid,
        model=model,
        timing=timing,
        connectors=settings.connectors,
        initial_keys=keys,
        garage=load_garage(settings.garage),
        default_id_tag=settings.id_tag,
        meter_start_wh=settings.meter_start_wh,
        constant_power_w=settings.meter_rate_w,
        noise=_noise(settings.noise_w_percent, timing),
        time_scale=settings.time_scale,
        quirks=quirks,
    )


def why_no_key(name: str, text: KeyText, measurands: str = "") -> str:
    """What keeps a model from having this configuration key, as a sentence without full stop;
    empty: nothing does. `measurands` are those that it measures, with commas between them."""
    plain = load_model(PLAIN)
    model = replace(plain, keys={name: text}, metering=Metering(also_measures=measurands))
    try:
        keys_of(model, standard_keys(1))
    except UserError as error:
        return str(error).partition(": ")[2].rstrip(".")
    return ""


def _noise(percent: float | None, timing: Timing) -> float | None:
    """What is asked for; else what the model says, or the usual where it says nothing."""
    if percent is None:
        return USUAL_NOISE if timing.drawn_share == 1.0 else None
    return percent / 100


def url_of(settings: Settings) -> str:
    """The CSMS's URL, without the identity; OCPP_WSS makes it wss."""
    scheme, _, rest = settings.csms_url.partition("://")
    return f"{'wss' if settings.ocpp_wss else scheme}://{rest}"


def model_of(settings: Settings) -> Model:
    """The make of charger, with the identity that the settings give it.

    Raises ModelError with a sentence for the user.
    """
    model = load_model(_chosen_model(settings))
    speaks = model.behaviour.speaks
    if speaks and settings.ocpp_version not in speaks:
        raise ModelError(
            f"MODEL (--model) is {settings.model!r}: this make speaks OCPP {' and '.join(speaks)} "
            f"only, and OCPP_VERSION is {settings.ocpp_version}. Set OCPP_VERSION "
            f"(--ocpp-version) to {speaks[0]}, or MODEL to {PLAIN}, which speaks every version."
        )
    overrides = {
        name: value
        for name, value in (
            ("vendor", settings.cp_vendor),
            ("model", settings.cp_model),
            ("serial_number", settings.cp_serial_number),
            ("firmware_version", settings.firmware_version),
            ("iccid", settings.iccid),
        )
        if value is not None
    }
    metering = model.metering
    if settings.temperature_unit is not None:
        metering = replace(metering, temperature_unit=settings.temperature_unit)
    return replace(
        model,
        identity=replace(model.identity, **overrides),
        metering=metering,
        equipment=chosen_equipment(settings.equipment, model),
    )


def _chosen_model(settings: Settings) -> str:
    """The make that is asked for; where none is, and the usual one is of OCPP 1.6 only, the one
    that speaks every version."""
    usual = options_of(Settings)["model"].default
    sources = settings.sources
    named = settings.model != usual or "model" in sources.flags or bool(sources.of("model"))
    return settings.model if named or settings.ocpp_version == "1.6" else PLAIN


def _with_extra_measurands(settings: Settings, model: Model, given: str | None) -> str:
    """The first value of MeterValuesSampledData, with what EXTRA_MEASURANDS adds."""
    extra = [name.strip() for name in settings.extra_measurands.split(",") if name.strip()]
    measured = measurands_of(model.metering)
    for name in extra:
        if name not in measured:
            raise ConfigError(
                f"EXTRA_MEASURANDS (--extra-measurands) is {settings.extra_measurands!r}: "
                f"{name!r} is not measured here; allowed is {', '.join(measured)}."
            )
    if given is None and SAMPLED in model.keys:
        given = model.keys[SAMPLED].value
    names = (given or REGISTER).split(",")
    return ",".join(dict.fromkeys([*names, *extra]))


def access_of(settings: Settings) -> Access:
    """How the settings let the charge point in. Raises ConfigError with a sentence for the user."""
    passphrase, secret, key = settings.client_key_passphrase, settings.authorization_key, None
    if secret is not None:
        key = password_bytes(secret.get_secret_value(), settings.ocpp_version)
        if key is None:
            allowed = ALLOWED.get(settings.ocpp_version, ALLOWED["2.0.1"])
            raise ConfigError(
                f"AUTHORIZATION_KEY (--authorization-key): allowed in OCPP {settings.ocpp_version} "
                f"is {allowed}."
            )
    return Access(
        profile=settings.security_profile,
        tls=Tls(
            verify=settings.ssl_verify,
            ca_cert=settings.ca_cert,
            client_cert=settings.client_cert,
            client_key=settings.client_key,
            passphrase=passphrase.get_secret_value() if passphrase else None,
        ),
        key=key,
        proxy=settings.proxy,
    )
