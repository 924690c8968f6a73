"""What every command needs around it: streams that can be written to, and an end without traceback.

A process may come without a stdout, with one that shows only some characters, or with one whose
reader leaves; and Ctrl-C may come while half of the program is still being imported, when there is
nothing to put in order. None of that is a fault of the program, so none of it is a traceback.
And what a command leaves in memory goes with its process: nobody waits until it is taken apart.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TextIO

from sim_core.ascii_fallback import tame
from sim_core.runtime import garbage

INTERRUPTED, UNREAD = 130, 141
"""Exit codes as a shell gives them for SIGINT and SIGPIPE."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Why nothing can be written though somebody reads."""
UNHEARD = "nobody reads"
STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def through_the_door(run: Callable[[], int], *, stays: bool = False) -> int:
    """Run a command; returns its exit code. `stays`: the process goes on after it."""
    _open_what_is_closed()
    tame(sys.stdout)
    tame(sys.stderr)
    on_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, _leave) if on_main_thread else None
    try:
        code = run()
    except SystemExit as end:  # of a parser that has said what there is to say
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BrokenPipeError:  # nobody reads any more
        code = UNREAD
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        code = _unsaid(error)
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        if on_main_thread and stays:
            signal.signal(signal.SIGINT, before)
    if not stays:
        garbage.leave_to_the_end()
    return _said(code)


def begun() -> None:
    """From here on there is something to put in order: Ctrl-C is an exception again."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once. An exception would be lost, or be told, somewhere in the middle of an import."""
    with contextlib.suppress(OSError):
        os.write(2, b"\nInterrupted.\n")
    os._exit(INTERRUPTED)


def _open_what_is_closed() -> None:
    """Give the streams that the process was started without to the null device: else the next
    socket would take their place and hear what is printed."""
    for descriptor, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
        if getattr(sys, name) is None:
            stream = io.FileIO(descriptor, mode, closefd=False)
            raw = io.BufferedReader(stream) if mode == "r" else io.BufferedWriter(stream)
            setattr(sys, name, io.TextIOWrapper(raw, encoding="utf-8"))


def _said(code: int) -> int:
    """The exit code once all is said; what cannot be said is let go of, and the reason told."""
    why = _flushed(sys.stdout)
    lost = UNREAD if UNHEARD in (why, _flushed(sys.stderr)) else 1 if why else 0
    return code or lost


def _flushed(stream: TextIO) -> str:
    """Write what is buffered; returns why that cannot be, empty where it could."""
    try:
        stream.flush()
    except BrokenPipeError:
        _let_go(stream.fileno())
        return UNHEARD
    except OSError as error:
        _let_go(stream.fileno())
        _unsaid(error)
        return str(error)
    return ""


def _unsaid(error: OSError) -> int:
    with contextlib.suppress(OSError):  # there may be no other place to say it
        print(f"What is said cannot be written: {error.strerror}.", file=sys.stderr)
    return 1


def _let_go(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
