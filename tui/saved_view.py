"""What the dashboard remembers from one run to the next: theme, filter, zoom.

A file of its own in the state folder and not a table of the store: the store belongs to one charge
point and to the engine's thread. Losing this file loses nothing, so whatever is wrong with it is a
sentence to show and never a reason not to start. Whether the log follows is not remembered: a run
that begins paused would show nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tui.widgets.log_filter import FilterError, parse

FILE_NAME = "dashboard.json"
LARGEST_BYTES = 10_000
"""More than any view takes; a larger file is not ours."""
ZOOMS = ("", "card", "log")


@dataclass(frozen=True)
class View:
    """How somebody had set up the dashboard."""

    theme: str = ""
    """The theme that was chosen by key; empty when none was."""
    filter: str = ""
    hides: bool = True
    """Whether the filter hides what does not match, or only dims it."""
    zoom: str = ""
    """What has all the room: one of `ZOOMS`."""


@dataclass(frozen=True)
class LoadedView:
    """The view of the last run, and what was wrong with it as a sentence."""

    view: View = View()
    trouble: str = ""


def load_view(folder: Path) -> LoadedView:
    """The view that was kept in `folder`; the plain one when there is none."""
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
        if len(data) > LARGEST_BYTES:
            raise ValueError("it is too large")
        return LoadedView(_view(json.loads(data)))
    except FileNotFoundError:
        return LoadedView()
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        trouble = f"The view of the last run is lost: {path} cannot be read ({why})"
        return LoadedView(trouble=trouble)


def _view(found: object) -> View:
    if not isinstance(found, dict):
        raise ValueError("it is no table")
    known = {field.name: found[field.name] for field in fields(View) if field.name in found}
    for name, value in known.items():
        if type(value) is not type(getattr(View, name)):
            raise ValueError(f"{name} is {value!r:.50}")
    view = View(**known)
    if view.zoom not in ZOOMS:
        raise ValueError(f"zoom is {view.zoom!r:.50}")
    try:
        parse(view.filter)
    except FilterError as error:
        raise ValueError(str(error)) from None
    return view


def save_view(folder: Path, view: View) -> str:
    """Write the view down; returns why that was not possible, as a sentence."""
    path = folder / FILE_NAME
    spare = path.with_name(f"{FILE_NAME}.{os.getpid()}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        spare.write_text(json.dumps(asdict(view)), encoding="utf-8")
        spare.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            spare.unlink()
        return f"The view is not remembered: {path} cannot be written ({error.strerror})"
    return ""
