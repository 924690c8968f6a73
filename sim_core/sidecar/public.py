"""What may be shown of something that has a secret in it."""

from __future__ import annotations

from urllib.parse import urlsplit

HIDDEN = "(hidden)"


def public_url(url: str) -> str:
    """`url` without the password and the query that may be in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    user, mark, host = parts.netloc.rpartition("@")
    netloc = f"{HIDDEN}@{host}" if mark and user else parts.netloc
    return parts._replace(netloc=netloc, query=HIDDEN if parts.query else "").geturl()
