"""A log as `logrotate` and people pack it: gzip, bzip2, xz, or alone in a zip.

What a packed file becomes is bounded, whatever it says of itself; one that is cut off gives what
there is of it, as a log that is cut off does.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any

from sim_core.traces.formats.form import CannotRead

PIECE = 1024 * 1024
OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b\x08": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"PK\x03\x04": lambda file: _only_one(file),
}
"""By what such a file begins with."""
BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)


def unpacked(data: bytes, most: int, name: str = "") -> bytes:
    """A file as it was before it was packed, no more than `most` bytes and one; what is not packed
    stays as it is. Raises CannotRead where nothing can be had of it."""
    opener = next((one for begin, one in OPENERS.items() if data.startswith(begin)), None)
    if opener is None:
        return data
    found = bytearray()
    try:
        with opener(io.BytesIO(data)) as file:
            while len(found) <= most and (piece := file.read1(PIECE)):
                found += piece
    except BROKEN as error:
        if not found:
            called = name or "what was read"
            raise CannotRead(f"{called} is packed, and broken ({error}): pack it again.") from None
    return bytes(found)


def _only_one(file: IO[bytes]) -> IO[bytes]:
    archive = zipfile.ZipFile(file)
    files = [one for one in archive.infolist() if not one.is_dir()]
    if len(files) != 1:
        raise CannotRead(f"The zip has {len(files)} files: unpack it, and give one of them.")
    if files[0].flag_bits & 1:
        raise CannotRead("The zip has a password: unpack it, and give what is in it.")
    return archive.open(files[0])
