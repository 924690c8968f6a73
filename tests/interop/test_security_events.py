"""What a CSMS with a wrong certificate causes, over real TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from tests.interop.test_real_peers import registered, until
from tests.interop.test_tls import KEY, Authority, TlsCsms, charge_point, in_trouble

EVENT = "SecurityEventNotification"


@pytest.mark.row(126, "TC_078_CS")
async def test_an_invalid_certificate_is_told_of_once_a_valid_one_is_back(tmp_path: Path) -> None:
    right, wrong = (Authority(trustme.CA(), tmp_path) for _ in range(2))
    async with (
        TlsCsms(wrong.server(), KEY.encode()) as csms,
        charge_point(
            csms,
            model="generic",
            security_profile=2,
            authorization_key=SecretStr(KEY),
            ca_cert=right.file,
        ) as engine,
    ):
        await until(engine, in_trouble("CA that is not known here"))
        assert csms.calls == [], "not a word to a stranger"
        await csms.stop()
        csms.context = right.server()
        await csms.start()
        await until(engine, registered)
        await csms.next_call(EVENT, 2)
        told = [call.payload for call in csms.of(EVENT)]
        kinds = [payload["type"] for payload in told]
        assert kinds == ["StartupOfTheDevice", "InvalidCentralSystemCertificate"]
        assert "CA that is not known here" in told[1]["techInfo"]
        actions = csms.actions()
        assert actions.index("BootNotification") < actions.index(EVENT)
