"""What somebody at the charge point says to the CSMS in its place: any message, valid or not.

A message takes its turn among those of the charge point. What the protocol does not allow is sent
too, once somebody insists: a CSMS must live with it. What is answered is shown and changes nothing
here, for the charge point has asked nothing.
"""

from __future__ import annotations

import json
import uuid

from sim_core.commands import Accepted, Outcome, Refused, Send, SendFrame
from sim_core.wire import frames
from sim_core.wire.answers import Answer, Error, NoAnswer, Result
from sim_core.wire.dialect import Dialect
from sim_core.wire.outbox import Outbox

SHOWN = 50
"""Characters of an action that is none."""
LONGEST_FRAME = 1024 * 1024


async def send(command: Send | SendFrame, outbox: Outbox, dialect: Dialect) -> Outcome:
    """Say it, and return what was answered."""
    if isinstance(command, SendFrame):
        return await _send_frame(command, outbox)
    try:
        payload = json.loads(command.payload)
    except RecursionError:
        return Refused("the payload is nested too deep: send it as a whole frame")
    except ValueError as error:
        return Refused(f"the payload is not JSON ({error}): mend it, or send a whole frame")
    if not command.anyway and (flaw := why_not_valid(dialect, command.action, payload)):
        return Refused(flaw, may_insist=True)
    if isinstance(payload, dict):
        answer = await outbox.post(command.action, payload, while_pending=True, judged=False)
    else:
        answer = await outbox.say(json.dumps([2, str(uuid.uuid4()), command.action, payload]))
    return _outcome(answer)


def why_not_valid(dialect: Dialect, action: str, payload: object) -> str:
    """What the protocol has against a request, as a sentence without full stop; empty: nothing."""
    if action not in dialect.schemas.actions:
        return f"{action[:SHOWN]!r} is not an action of {dialect.version}"
    if not isinstance(payload, dict):
        return f"the payload is {frames.kind_of(payload)}: OCPP-J wants an object"
    if action not in dialect.asks:
        return f"{action} is asked by a CSMS, not by a charge point"
    fault = dialect.schemas.request_fault(action, payload)
    return f"{fault.description} ({fault.code})" if fault else ""


async def _send_frame(command: SendFrame, outbox: Outbox) -> Outcome:
    if len(command.frame) > LONGEST_FRAME:
        return Refused(f"a frame has at most {LONGEST_FRAME} characters here")
    read = frames.read(command.frame)
    if not command.anyway and (read.flaw or read.kind != frames.CALL):
        why = read.flaw or f"it is a {frames.NAMES[read.kind]}, and nobody has asked"
        return Refused(why, may_insist=True)
    return _outcome(await outbox.say(command.frame))


def _outcome(answer: Answer) -> Outcome:
    if isinstance(answer, Result):
        return Accepted("answered", json.dumps(answer.payload))
    if isinstance(answer, Error):
        told = f": {answer.description}" if answer.description else ""
        return Accepted(f"answered by CALLERROR {answer.code}{told}")
    if isinstance(answer, NoAnswer) and not answer.sent:
        return Refused(f"nothing was sent: {answer.reason}")
    return Accepted(f"sent; {answer.reason}")
