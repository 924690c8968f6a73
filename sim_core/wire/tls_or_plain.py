"""What a port speaks where it did not answer as was hoped: TLS without being asked, or none.

The two are mixed up so often, and fail so differently from server to server (an alert, HTTP 400, a
reset, silence), that it is surer to ask the port than to read the failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl

PATIENCE_S = 3.0
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def speaks_tls(host: str, port: int) -> bool:
    """Whether somebody answers a TLS handshake there, whoever that is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        opening = asyncio.open_connection(host, port, ssl=context, server_hostname=host)
        _, writer = await asyncio.wait_for(opening, PATIENCE_S)
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")  # it is particular, but it speaks TLS
    except (OSError, ValueError, asyncio.TimeoutError):
        return False
    writer.transport.abort()
    return True


async def speaks_http(host: str, port: int) -> bool:
    """Whether somebody answers HTTP there without TLS."""
    with contextlib.suppress(OSError, ValueError, EOFError, asyncio.TimeoutError):
        opening = asyncio.open_connection(host, port)
        reader, writer = await asyncio.wait_for(opening, PATIENCE_S)
        try:
            writer.write(REQUEST)
            return await asyncio.wait_for(reader.readexactly(5), PATIENCE_S) == b"HTTP/"
        finally:
            writer.transport.abort()
    return False
