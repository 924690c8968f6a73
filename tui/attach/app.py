"""The dashboard over a charge point that runs elsewhere.

It is the same dashboard over the same pictures. What differs is what a failure is (the connection
is cut, and comes back by itself) and what leaving means: nothing, for the charge point goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sim_core.attach.host import RemoteHost
from sim_core.attach.options import AttachSettings
from sim_core.engine import Host
from tui.app import ChargeForgeApp
from tui.http_call import SidecarAddress
from tui.keymap import Keymap
from tui.shown import Shown
from tui.widgets.line_widget import Line, Span
from tui.widgets.link_bar import Broken

PATIENCE_S = 1.0
"""How long the end waits for a connection to be closed in good order."""
NOT_ATTACHED = Broken("not attached", "dials now", "warning")
ATTACHED: Line = (Span("attached", "muted"),)
"""What tells this dashboard from that of a charge point that ends with it."""


def not_attached(url: str) -> Broken:
    """What is said while there is no connection to this address."""
    return replace(NOT_ATTACHED, advice=f"a charge point has to run there, with HTTP: {url}")


class AttachApp(ChargeForgeApp):
    """See the module."""

    def __init__(
        self,
        hosts: Sequence[RemoteHost],
        settings: AttachSettings,
        *,
        ascii: bool,
        keys: Keymap,
    ) -> None:
        wants_key = settings.http_api_key is not None
        super().__init__(
            hosts[0],
            fps=settings.fps,
            log_size=settings.message_log_size,
            id_tag=settings.id_tag,
            ascii=ascii,
            theme=settings.theme,
            keys=keys,
            http=SidecarAddress(hosts[0].url, wants_key),
            where=hosts[0],
            others=[Shown(one, SidecarAddress(one.url, wants_key), one) for one in hosts[1:]],
        )

    def sample(self) -> None:
        """Look at the charge point; a failure is a connection that is cut."""
        if self.dashboard.is_attached:
            assert isinstance(self.host, RemoteHost)
            self.dashboard.link_bar.broken = not_attached(self.host.url)
            self.dashboard.link_bar.aside = ATTACHED
        super().sample()

    def known_as(self, host: Host) -> str:
        """Its address."""
        return host.url.partition("://")[2] if isinstance(host, RemoteHost) else ""

    def why_dead(self) -> str:
        """What is said of a press while it is not attached."""
        return f"Not attached: {self.host.failure}. {self.look.key('resume')} dials at once."

    def _quit(self) -> str:
        """Leave: the charge point goes on, so there is nothing to ask."""
        self.exit(0)
        return ""


def show(
    hosts: Sequence[RemoteHost],
    settings: AttachSettings,
    keys: Keymap,
    *,
    ascii: bool,
    in_a_browser: bool,
) -> int:
    """Show the dashboard until it is left; leaves the charge points as they are."""
    from tui.exit_on_signal import ExitOnSignal

    app = AttachApp(hosts, settings, ascii=ascii, keys=keys)
    # in a browser there is no terminal that could go away, and Textual's driver heeds the signals
    end = None if in_a_browser else ExitOnSignal(ask=(app.leave_soon,))
    try:
        app.run()
    finally:
        for host in hosts:
            host.stop(PATIENCE_S)
        if end is not None:
            end.disarm()
    return 0 if end is not None and end.asked else app.return_code or 0
