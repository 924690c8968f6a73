"""The dashboard over a log that is played: the same dashboard, with the keys of a player."""

from __future__ import annotations

from collections.abc import Callable

from sim_core.replay.host import Replay
from tui.app import ChargeForgeApp
from tui.keymap import Keymap


class ReplayApp(ChargeForgeApp):
    """See the module."""

    def __init__(self, replay: Replay, *, ascii: bool, keys: Keymap) -> None:
        settings = replay.settings
        super().__init__(
            replay,
            fps=settings.fps,
            log_size=settings.message_log_size,
            id_tag=settings.id_tag,
            ascii=ascii,
            theme=settings.theme,
            keys=keys,
        )
        self._replay = replay
        self.acts |= {
            "pause_replay": self._while_it_plays(replay.pause),
            "step": self._while_it_plays(replay.step),
            "step_back": lambda: (
                "What was said to a CSMS cannot be taken back: "
                f"{self.look.key('resume')} plays the log again once it has ended."
            ),
            "faster": self._while_it_plays(lambda: replay.faster(2)),
            "slower": self._while_it_plays(lambda: replay.faster(0.5)),
            "resume": self._again,
        }

    def sample(self) -> None:
        """Say where in the log it is, and look."""
        if self.dashboard.is_attached:
            self.dashboard.link_bar.place = self._replay.place
        super().sample()

    def facts(self) -> tuple[object, ...]:
        """And where in the log it is."""
        return (*super().facts(), self._replay.place)

    def _while_it_plays(self, act: Callable[[], None]) -> Callable[[], str]:
        def acted() -> str:
            if self._replay.ended:
                return f"The log is at its end: {self.look.key('resume')} plays it again."
            act()
            return ""

        return acted

    def _again(self) -> str:
        if why := self._replay.again():
            return f"{why[:1].upper()}{why[1:]}."
        self.sample()
        return ""

    def _quit(self) -> str:
        self.exit(0)
        return ""
