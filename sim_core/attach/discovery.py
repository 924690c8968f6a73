"""Which charge points are behind an address: one, or each charger that a bedside sees."""

from __future__ import annotations

from contextlib import suppress

import httpx

from sim_core.attach.options import AttachSettings

WAIT_S = 3.0
MOST = 64
LIST = "/chargers"


def behind(url: str, settings: AttachSettings) -> list[str]:
    """The addresses of the charge points there; the address itself where there is no list, or
    nobody answers yet."""
    with suppress(httpx.HTTPError, ValueError, KeyError, TypeError):
        answer = httpx.get(
            f"{url}{LIST}", timeout=WAIT_S, trust_env=False, verify=settings.ssl_verify
        )
        if answer.status_code == 200:
            paths = [str(one["path"]) for one in answer.json()["chargers"]][:MOST]
            found = [f"{url}{path}" for path in paths if path.startswith(f"{LIST}/")]
            return [one for one in found if one.isascii() and one.isprintable()] or [url]
    return [url]
