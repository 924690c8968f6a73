"""A test of a quirk bears the quirk's name."""

from __future__ import annotations

import pytest


@pytest.fixture
def quirk(request: pytest.FixtureRequest) -> str:
    """The quirk that the test's file is named after: `test_json_c.py` is about `json_c`."""
    return request.path.stem.removeprefix("test_")
