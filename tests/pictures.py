"""Draws the pictures of the docs from the real dashboard, and writes what they say of the code.

    python -m tests.pictures

Each picture is a state that `chargeforge screenshot` draws too: the charge point behind it is
scripted and its clock stands still, so the same code draws the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests import form_docs, model_docs
from tests.documents import (
    DOCS,
    ENV_EXAMPLE,
    ROOT,
    SCENARIO_SCHEMA,
    documents,
    env_example,
    scenario_schema,
    with_tables,
)
from tests.film import film
from tui.pictures import screenshot
from tui.pictures.states import STATE


@dataclass(frozen=True)
class Picture:
    """A picture: its file, and the state of the dashboard that it shows."""

    name: str
    state: str


FILM = DOCS / "film.svg"
PICTURES: tuple[Picture, ...] = (
    Picture("dashboard", "dashboard"),
    Picture("wide", "wide"),
    Picture("inspector", "message"),
    Picture("fault", "fault"),
    Picture("bedside", "bedside"),
    Picture("twin", "bedside-twin"),
)


def draw(picture: Picture) -> str:
    """The picture as SVG."""
    return screenshot.draw(STATE[picture.state]).svg


def path_of(picture: Picture) -> Path:
    """Where the picture is kept."""
    return DOCS / f"{picture.name}.svg"


def main() -> None:
    """Write every picture and every table."""
    for picture in PICTURES:
        path_of(picture).write_text(draw(picture), "utf-8")
        print(f"drew {path_of(picture).relative_to(ROOT)}")
    FILM.write_text(film(), "utf-8")
    print(f"made {FILM.relative_to(ROOT)}")
    for document in documents():
        document.write_text(with_tables(document.read_text("utf-8")), "utf-8")
    ENV_EXAMPLE.write_text(env_example(), "utf-8")
    print("filled the tables of README, docs and .env.example")
    model_docs.PAGE.write_text(model_docs.page(), "utf-8")
    model_docs.SCHEMA.write_text(model_docs.schema(), "utf-8")
    print("wrote the page about model files and their schema")
    form_docs.PAGE.write_text(form_docs.page(), "utf-8")
    SCENARIO_SCHEMA.write_text(scenario_schema(), "utf-8")
    print("wrote the page about the logs that are read")


if __name__ == "__main__":
    main()
