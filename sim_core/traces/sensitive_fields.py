"""Which field of a message, and which configuration key, holds what is somebody's.

It is told by names, because a vendor invents fields and keys, and names them after what they hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from sim_core.traces.stand_ins import says_nothing


class Kind(Enum):
    """What a value is to whoever redacts it."""

    KEPT = "kept"
    """A word of OCPP, a time: nothing of it is anybody's."""
    TEXT = "text"
    """Anything: it is searched."""
    SECRET = "secret"
    HOST = "host"
    FILE = "file"
    MESSAGE_ID = "message id"
    OPAQUE = "opaque"
    """What a vendor has put there: a long number in it is somebody's."""


KEPT_FIELDS = frozenset(
    "action attribute attributeType availabilityStatus certificateType chargePointModel "
    "chargePointVendor chargingProfileKind chargingProfilePurpose chargingRateUnit chargingState "
    "code component connectorStatus context currentTime customData errorCode eventType "
    "expiryDate firmwareVersion format hashAlgorithm idTokenType key listVersion measurand "
    "messageTrigger meterType model operationalStatus phase readonly reason recurrencyKind "
    "requestedMessage resetType result startSchedule status stopReason stoppedReason "
    "timestamp transactionStatus triggerReason type unit updateType validFrom validTo vendorId "
    "vendorName version messageId monitorType severity".casefold().split()
)
SECRET_FIELDS = frozenset(
    {
        "idtag",
        "parentidtag",
        "idtoken",
        "groupidtoken",
        "additionalidtoken",
        "emaid",
        "contractid",
        "rfid",
        "uid",
        "tagid",
        "cardid",
        "cardno",
        "cardnumber",
        "token",
        "serial",
        "sn",
        "serialnumber",
        "iccid",
        "imsi",
        "imei",
        "mac",
        "macid",
        "macaddress",
        "evccid",
        "evmac",
        "vin",
        "evid",
        "vid",
        "deviceid",
        "chargerid",
        "chargepointid",
        "chargeboxid",
        "chargeboxidentity",
        "cpid",
        "stationid",
        "evseid",
        "identity",
        "customeridentifier",
        "customer",
        "email",
        "phone",
        "mobile",
        "owner",
        "username",
        "user",
        "login",
        "ssid",
        "apn",
        "apnusername",
        "apnpassword",
        "simpin",
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "psk",
        "secret",
        "apikey",
        "privatekey",
        "publickey",
        "authorizationkey",
        "pin",
        "certificate",
        "csr",
        "signature",
        "signingcertificate",
        "certificatechain",
        "exirequest",
        "exiresponse",
        "ocspresult",
        "issuernamehash",
        "issuerkeyhash",
        "latitude",
        "longitude",
        "lat",
        "lng",
        "lon",
        "address",
        "street",
        "city",
        "postalcode",
        "zip",
        "groupid",
        "licenseplate",
        "plate",
        "signedmeterdata",
        "signedmetervalue",
    }
)
HOST_FIELDS = frozenset(
    {
        "host",
        "hostname",
        "ip",
        "ipaddress",
        "gateway",
        "dns",
        "server",
    }
)
FILE_FIELDS = frozenset({"filename"})
OPAQUE_FIELDS = frozenset({"data"})
PLACES_OF_A_VALUE = frozenset({"Body", "Cable", "EV", "Inlet", "Outlet", "Upstream"})

SECRET_WORDS = frozenset(
    {
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "pass",
        "pin",
        "secret",
        "token",
        "ssid",
        "psk",
        "apn",
        "iccid",
        "imsi",
        "imei",
        "mac",
        "serial",
        "sn",
        "email",
        "mail",
        "phone",
        "owner",
        "user",
        "username",
        "login",
        "cert",
        "certificate",
        "latitude",
        "longitude",
        "gps",
        "vin",
        "evccid",
        "emaid",
        "identity",
        "identifier",
        "authentication",
        "authorization",
        "key",
        "id",
        "tag",
        "tags",
        "name",
        "address",
        "addr",
        "street",
        "city",
    }
)
HOST_WORDS = frozenset(
    {
        "host",
        "hostname",
        "server",
        "ip",
        "gateway",
        "dns",
        "proxy",
        "endpoint",
        "domain",
    }
)
VERSION_WORDS = frozenset(
    {
        "version",
        "firmware",
    }
)
ALWAYS_SECRET = frozenset(
    {
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "pass",
        "pin",
        "secret",
        "psk",
    }
)
NOT_LETTERS = re.compile(r"[\W_]")
WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
SHORT_NUMBER = re.compile(r"-?\d{0,4}(?:\.\d+)?")


@dataclass(frozen=True)
class Pairs:
    """An object of JSON with all its fields, also those that are there twice."""

    items: tuple[tuple[str, Any], ...]

    def text(self, *names: str) -> str:
        """The text that is there by one of these names; empty where none is."""
        for name, value in self.items:
            if name in names and isinstance(value, str):
                return value
        return ""


def kind_of_field(name: str, value: Any, beside: Pairs, above: Kind, named: Kind) -> Kind:
    """What a field is; `above` is what the object is that it is in."""
    field = NOT_LETTERS.sub("", name).casefold()
    if field in ("value", "attributevalue", "variableattribute", "actual"):
        if beside.text("format") == "SignedData":
            return Kind.SECRET
        return named if named is not Kind.TEXT else above
    if field == "evseid" and not isinstance(value, str):
        return Kind.KEPT
    if field == "key" and beside.text("password", "user"):  # of a VPN
        return Kind.SECRET
    if field in SECRET_FIELDS or field.endswith(("serialnumber", "password", "idtag")):
        return Kind.SECRET
    if field in HOST_FIELDS:
        return Kind.HOST
    if field == "location":
        is_word = isinstance(value, str) and value in PLACES_OF_A_VALUE
        return Kind.KEPT if is_word else Kind.TEXT
    if field in KEPT_FIELDS:
        return Kind.KEPT
    if field in FILE_FIELDS:
        return Kind.FILE
    return Kind.OPAQUE if field in OPAQUE_FIELDS or above is Kind.OPAQUE else Kind.TEXT


def kind_of_value(pairs: Pairs) -> Kind:
    """What the value beside a name is: of a configuration key, or of a variable."""
    name = pairs.text("key")
    for field, value in pairs.items:
        if field == "variable" and isinstance(value, Pairs):
            name = value.text("name")
    if not name:
        return Kind.TEXT
    return kind_of_key(name, _given(pairs))


def _given(pairs: Pairs) -> str:
    """The value that stands beside a name, or in the attributes there."""
    for field, value in pairs.items:
        if field == "variableAttribute" and isinstance(value, list):
            return next((_given(one) for one in value if isinstance(one, Pairs)), "")
    return pairs.text("value", "attributeValue")


@lru_cache(maxsize=4096)
def kind_of_key(name: str, value: str) -> Kind:
    """What the value of a configuration key is, by the name of the key."""
    words = [word.casefold() for word in WORDS.findall(name)]
    if not ALWAYS_SECRET.isdisjoint(words):
        return Kind.SECRET
    if says_nothing(value) or SHORT_NUMBER.fullmatch(value):
        return Kind.TEXT
    if "://" in value:
        return Kind.TEXT
    if not VERSION_WORDS.isdisjoint(words):
        return Kind.KEPT
    if not HOST_WORDS.isdisjoint(words):
        return Kind.HOST
    return Kind.TEXT if SECRET_WORDS.isdisjoint(words) else Kind.SECRET
