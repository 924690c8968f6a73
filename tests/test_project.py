"""What surrounds the code says the same as the code."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from sim_core.csms.api import ROUTES
from sim_core.settings.loading import load
from sim_core.settings.options import Settings, option_names, options_of
from tests import form_docs
from tests.documents import (
    DOCS,
    ENV_EXAMPLE,
    README,
    ROOT,
    SCENARIO_SCHEMA,
    TABLES,
    command,
    documents,
    env_example,
    scenario_schema,
    tables_in,
    with_tables,
)
from tests.film import SHOTS
from tests.pictures import FILM, PICTURES, Picture, draw, path_of

REGENERATE = "run `python -m tests.pictures` and look at what changed"
OF_THE_IMAGE = {"CSMS_URL", "HTTP_HOST", "HTTP_PORT", "HTTP_OPEN", "STATE_DIR", "LOG_FILE"}
"""Options that the image or compose.yaml settles."""
OF_THE_SCREEN = {"ASCII", "CHARGE_POINTS", "FPS", "KEEP_RUNNING", "KEYS", "THEME"}
"""Options of the dashboard, which compose.yaml does not start."""


MOST_WORDS = 900
"""Of the README. Who reads it to its end charges; the rest is for looking up and stands in docs."""


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    text = README.read_text("utf-8")
    assert len(text.split()) <= MOST_WORDS
    reached = set(re.findall(r"\]\((docs/[^)#]+)\)", text))
    pages = {f"docs/{page.name}" for page in DOCS.glob("*.md")}
    assert pages - reached == set(), "README.md does not lead there"


@pytest.mark.parametrize("word", ["CSMS", "connector", "idTag", "transaction"])
def test_the_readme_explains_the_words_it_cannot_do_without(word: str) -> None:
    assert f"\n- **{word}**" in README.read_text("utf-8")


def test_the_tables_in_documents_are_those_of_the_code() -> None:
    texts = [document.read_text("utf-8") for document in documents()]
    assert sorted(name for text in texts for name in tables_in(text)) == sorted(TABLES)
    assert [with_tables(text) for text in texts] == texts, REGENERATE


def test_the_page_about_logs_is_that_of_the_code() -> None:
    assert form_docs.PAGE.read_text("utf-8") == form_docs.page(), REGENERATE


def test_the_schema_of_scenarios_is_that_of_the_code() -> None:
    assert SCENARIO_SCHEMA.read_text("utf-8") == scenario_schema(), REGENERATE


def test_the_example_of_an_env_file_is_that_of_the_code() -> None:
    assert ENV_EXAMPLE.read_text("utf-8") == env_example(), REGENERATE


def test_the_example_of_an_env_file_can_be_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uncommented = re.sub(r"(?m)^#(?=[A-Z_]+=)", "", env_example())
    (tmp_path / ".env").write_text(uncommented, "utf-8")
    monkeypatch.chdir(tmp_path)
    for name in options_of(Settings):
        monkeypatch.delenv(option_names(name)[0], raising=False)
    assert load([]) == Settings()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_the_pictures_are_those_of_the_dashboard(picture: Picture) -> None:
    assert path_of(picture).read_text("utf-8") == draw(picture), REGENERATE


def test_the_film_is_that_of_its_script() -> None:
    """Not to the last frame: which one is drawn when depends on how busy the computer is."""
    told = html.unescape(FILM.read_text("utf-8")).replace("\xa0", " ")
    places = [told.find(shot.says) for shot in SHOTS]
    assert -1 not in places, REGENERATE
    assert places == sorted(places)
    assert FILM.stat().st_size < 400_000


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_what_a_document_links_to_is_there(document: Path) -> None:
    for target, anchor in re.findall(
        r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", document.read_text("utf-8")
    ):
        there = document.parent / target if target else document
        assert there.exists(), f"it links to {target}"
        assert not anchor or anchor in anchors(there), f"it links to {target}#{anchor}"


def anchors(document: Path) -> set[str]:
    """What GitHub calls the headings of a document."""
    headings = re.findall(r"(?m)^#+ (.+)$", document.read_text("utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_what_contributing_sends_people_to_is_there() -> None:
    text = " ".join((ROOT / "CONTRIBUTING.md").read_text("utf-8").split())
    paths = set(re.findall(r"`((?:sim_core|tui|tests)/[\w/]+\.py)`", text))
    assert len(paths) > 10
    gone = [path for path in sorted(paths) if not (ROOT / path).exists()]
    assert not gone, f"CONTRIBUTING.md names files that are not there: {gone}"
    named = re.findall(
        r"`(\w+)`(?: and `(\w+)`)? (?:in|of) `((?:sim_core|tui|tests)/[\w/]+\.py)`", text
    )
    assert len(named) > 10
    for *names, path in named:
        source = (ROOT / path).read_text("utf-8")
        lost = [name for name in names if name and not re.search(rf"\b{name}\b", source)]
        assert not lost, f"CONTRIBUTING.md looks for {lost} in {path}"


@pytest.mark.parametrize("name", ["demo", "tests"])
def test_ci_types_the_commands_that_the_readme_prints(name: str) -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert f"{name}=$(printed_command {name})" in script
    typed = {"demo": 'bash -c "${demo% && *} && exec ${demo##* && }"', "tests": 'bash -c "$tests"'}
    assert typed[name] in script
    assert command(name).startswith("python3 -m venv .venv && ")


def test_how_to_use_names_every_path_of_the_csms() -> None:
    text = (ROOT / "HowToUse.me").read_text("utf-8")
    assert [path for _, path, _ in ROUTES if path not in text] == []


def test_compose_hands_every_option_on() -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    handed_on = set(re.findall(r"(?m)^ +([A-Z_]+):$", text))
    variables = {option_names(name)[0] for name in options_of(Settings)}
    assert handed_on == variables - OF_THE_IMAGE - OF_THE_SCREEN


def test_compose_publishes_ports_on_this_computer_only() -> None:
    ports = re.findall(r'(?m)^ +- "([^"]+:\d+)"$', (ROOT / "compose.yaml").read_text("utf-8"))
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)
