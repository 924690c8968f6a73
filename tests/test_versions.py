"""Which OCPP versions the harnesses speak, and what they say of one that they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.harness import Harness
from tests.scripted_csms import ScriptedCsms
from tests.versions import PLANNED, VERSIONS, Version, version_named


@pytest.mark.parametrize("harness", [Harness, ScriptedCsms])
@pytest.mark.parametrize("name", PLANNED)
def test_a_planned_version_says_that_it_is_not_built_yet(
    harness: Callable[..., object], name: str
) -> None:
    with pytest.raises(NotImplementedError, match=rf"^OCPP {name} is not built yet: .*versions.py"):
        harness(version=name)


def test_no_version_is_built_and_planned() -> None:
    assert not VERSIONS.keys() & PLANNED


def test_both_ends_speak_one_version() -> None:
    with pytest.raises(AssertionError, match="both ends speak one version"):
        Harness(csms=_speaking("1.7"))


def _speaking(name: str) -> ScriptedCsms:
    csms = ScriptedCsms()
    csms.version = replace(csms.version, name=name)
    return csms


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
def test_what_a_row_names_is_known_to_the_schemas(version: Version) -> None:
    names = set(version.schema_names())
    for action in (*version.answers, *version.telling_fields):
        assert {action, f"{action}Response"} <= names
    for action, fields in version.telling_fields.items():
        assert set(fields) <= set(version.schema(action)["required"])


@pytest.mark.parametrize("name", VERSIONS)
async def test_both_ends_negotiate_the_sub_protocol_of_the_row(name: str) -> None:
    async with Harness(version=name) as harness:
        assert harness.csms._open is not None
        assert harness.csms._open.subprotocol == version_named(name).subprotocol
