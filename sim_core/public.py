"""What may be shown: without secrets, and as one line that no terminal obeys.

A URL may carry a name, a password and a token; a text that a CSMS chose may carry anything. Whoever
shows one, in a log, over HTTP or in an error, shows what is made of it here.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

HIDDEN = "(hidden)"
USER = re.compile(r"(:(?:\\?/){2})(?:[^/?#\"\s\\]|\\[^/])*@")
"""Name and password in a URL, wherever in a text; JSON may have written its slashes as `\\/`."""


def without_users(text: str) -> str:
    """A text without the names and passwords of the URLs in it."""
    return USER.sub(rf"\1{HIDDEN}@", text) if "@" in text else text


def public_url(url: str) -> str:
    """`url` without the name, the password and the query that may be in it.

    What is no URL is shown as it is, but for what stands before an @.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    if not parts.netloc:
        before, mark, rest = url.rpartition("@")
        return f"{HIDDEN}@{rest}" if mark and before else url
    user, mark, host = parts.netloc.rpartition("@")
    netloc = f"{HIDDEN}@{host}" if mark and user else parts.netloc
    return parts._replace(netloc=netloc, query=HIDDEN if parts.query else "").geturl()


def plain(text: str) -> str:
    """`text` without anything that a terminal would obey: such characters show as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
