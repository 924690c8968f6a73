"""OCMF, the Open Charge Metering Format: a reading as text, with the signature of its meter.

Three parts with `|` between them: the letters OCMF, a JSON object that says what was read, and one
with the signature over exactly the text of the first (SAFE e.V., OCMF 1.0). `cryptography` does the
arithmetic; it is loaded with the first signature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

METHOD = "ECDSA-secp256r1-SHA256"
"""SA: how it is signed."""


def signed(key: str, said: Mapping[str, Any]) -> str:
    """What a meter says, with its signature by a private key in PEM form on P-256."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    signature = _loaded(key).sign(text.encode(), ECDSA(SHA256()))
    seal = {"SA": METHOD, "SD": signature.hex()}
    return f"OCMF|{text}|{json.dumps(seal, separators=(',', ':'))}"


def public_key(key: str) -> str:
    """The public half of such a key, as hexadecimal ASN.1 (SubjectPublicKeyInfo)."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    form = PublicFormat.SubjectPublicKeyInfo
    return _loaded(key).public_key().public_bytes(Encoding.DER, form).hex()


@lru_cache(maxsize=64)
def _loaded(key: str) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    loaded = load_pem_private_key(key.encode(), None)
    assert isinstance(loaded, EllipticCurvePrivateKey)
    return loaded
