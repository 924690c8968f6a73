"""Which OCPP the screens can read, by the name of its WebSocket sub-protocol."""

from __future__ import annotations

from sim_core.snapshot import ConnectorState
from tui.protocols.ocpp16 import OCPP_16_WORDING
from tui.protocols.ocpp201 import OCPP_201_WORDING
from tui.protocols.wording import Wording

WORDINGS: dict[str, Wording] = {
    wording.subprotocol: wording for wording in (OCPP_16_WORDING, OCPP_201_WORDING)
}
USUAL = OCPP_16_WORDING
"""What most chargers speak."""

NO_WORDING = Wording(
    name="OCPP",
    subprotocol="",
    statuses={
        state: state.value for state in ConnectorState if state is not ConnectorState.UNKNOWN
    },
    token="token",
)
"""Of an OCPP that nobody here can read: payloads as they are, states in our own words."""


def wording_of(subprotocol: str) -> Wording:
    """How frames and states of this OCPP are put into words; empty while nobody has said which."""
    return WORDINGS.get(subprotocol, NO_WORDING) if subprotocol else USUAL
