"""Uploads and updates are answered, and never spoken of again."""

from __future__ import annotations

from tests.quirks.acts import gresgying


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        asked = await harness.ask(
            "GetDiagnostics", location="test", stopTime="2023-02-11T10:10:00Z"
        )
        order = {"location": "test", "retrieveDate": None}
        ordered = await harness.csms.ask_raw("UpdateFirmware", order)
        await harness.ask("GetDiagnostics", location="test")
        await harness.advance(10)
        said = harness.csms.of("DiagnosticsStatusNotification", "FirmwareStatusNotification")
        assert (ordered[0] == 3) == ("fileName" in asked) == (not said)
        return not said


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
