"""From a trace to its causes."""

from __future__ import annotations

import itertools
from dataclasses import replace

from sim_core.traces.causes.cables import cables
from sim_core.traces.causes.cards import cards, outage_of
from sim_core.traces.causes.faults import faults
from sim_core.traces.causes.links import links
from sim_core.traces.causes.scene import Act, Scene, Stimulus
from sim_core.traces.causes.state import state
from sim_core.traces.exchanges import Conversation, TransactionId
from sim_core.traces.moments import S

HEARD = (Act.ASK, Act.LINK_DOWN, Act.RESTART, Act.POWER_OFF)
"""What happens while there is a link."""
AT_ONCE = 2 * S
"""What comes so soon after a request keeps its distance from it."""
ANCHORS = ("StatusNotification", "StartTransaction", "BootNotification")


def scene_of(told: Conversation) -> Scene:
    """What happened around a trace."""
    first = told.exchanges[0]
    boots = first.from_charger and first.action == "BootNotification"
    scene = Scene(first.at, boots)
    state(told, scene)
    cables(told, scene)
    cards(told, scene)
    faults(told, scene)
    links(told, scene)
    scene.stimuli += [
        Stimulus(asked.at, Act.ASK, asked.connector, request=asked) for asked in told.asked
    ]
    scene.before.sort(key=lambda stimulus: stimulus.at)
    scene.stimuli.sort(key=lambda stimulus: stimulus.at)
    scene.stimuli = [_anchored(told, stimulus) for stimulus in scene.stimuli]
    for i, (asked, cut) in enumerate(itertools.pairwise(scene.stimuli)):
        if asked.act is Act.ASK and cut.act in HEARD and cut.at - asked.at < AT_ONCE:
            scene.stimuli[i + 1] = replace(cut, after=asked.after)
    return scene


def _anchored(told: Conversation, stimulus: Stimulus) -> Stimulus:
    """Count the time of a stimulus from what the charger had said last on that connector."""
    if outage_of(told, stimulus.at) is not None and stimulus.act not in HEARD:
        return stimulus  # nothing was said meanwhile
    connector = stimulus.connector
    if stimulus.request is not None and stimulus.request.transaction is not None:
        connector = _connector_of(told, stimulus.request.transaction) or connector
    last = None
    for exchange in told.said:
        if exchange.at >= stimulus.at:
            break
        if exchange.action in ANCHORS and (
            connector is None or exchange.connector in (None, 0, connector)
        ):
            last = exchange
    return replace(stimulus, after=last) if last else stimulus


def _connector_of(told: Conversation, transaction: TransactionId) -> int | None:
    for start in told.of("StartTransaction"):
        if start.given == transaction:
            return start.connector
    return None
