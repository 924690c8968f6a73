"""A card that is shown while the charge point boots.

Nobody can be asked about it yet, and a moment later somebody can: who has just started the program,
or has restarted the charge point, means a start and not the minute before it. So where nothing but
the missing answer speaks against a card, it is shown once more when the boot is decided. A link
that has failed is no boot: there the charge point decides alone, or refuses, at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sim_core.commands import ACTION_BY_COMMAND, Outcome, Start, Swipe
from sim_core.snapshot import LinkSnapshot, LinkState, Registration, StationSnapshot


def boots(link: LinkSnapshot) -> bool:
    """Whether it dials for the first time, or waits for the answer to its BootNotification."""
    if link.state is LinkState.CONNECTING:
        return not link.trouble
    waits = link.registration is Registration.NONE and link.boot_retry_at is None
    return link.frames_pass and waits


async def shown(
    command: Start | Swipe,
    show: Callable[[], Awaitable[Outcome]],
    look: Callable[[], StationSnapshot],
    until: Callable[[Callable[[StationSnapshot], bool]], Awaitable[None]],
    note: Callable[[str], None],
) -> Outcome:
    """Show a card, and once more after the boot that it was too early for."""
    outcome = await show()
    if outcome.ok or not boots(look().link):
        return outcome
    connector = look().connectors[command.connector_id - 1]
    if connector.refusals.get(ACTION_BY_COMMAND[type(command)].name):
        return outcome
    card = command.id_tag or "the card"
    note(f"{card} waits until the charge point has booted")
    await until(lambda seen: not boots(seen.link))
    return await show()
