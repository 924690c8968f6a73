"""A file on its way to the CSMS: tried, tried again, and told of at each step.

Diagnostics and logs differ in what is sent and in the words that are said of it; how a file gets
away is the same. A row in the store says that one is on its way, so that one that a power
cut or a reboot has ended is told of after the next boot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import UploadStepped
from sim_core.charging.environment import Environment
from sim_core.files.transfer import Flaw, TransferError, Transfers, read_location
from sim_core.redaction import public_url
from sim_core.snapshot import UploadSnapshot
from sim_core.store.interface import Documents

RETRY_S = 30
"""The pause before another try where the CSMS names none."""
LEAST_PAUSE_S, LONGEST_PAUSE_S = 1, 366 * 86_400
"""A CSMS that wants no pause at all gets the one; that of any number of digits gets the other."""

UPLOADING = "Uploading"
UPLOADED = "Uploaded"
FAILED = "UploadFailed"


@dataclass(frozen=True)
class Upload:
    """What is to be sent, where to, and how often it may be tried."""

    name: str
    content: Callable[[], bytes]
    """Makes the file; runs in a thread of its own."""
    location: str
    retries: int = 0
    pause_s: int = RETRY_S
    request_id: int | None = None


class Uploads:
    """Sends one file at a time; a newer one takes the place of the one before."""

    __slots__ = (
        "_csms",
        "_documents",
        "_environment",
        "_on_change",
        "_request_id",
        "_seen",
        "_transfers",
        "_untold",
        "_what",
        "_work",
    )

    def __init__(
        self,
        what: str,
        environment: Environment,
        documents: Documents,
        csms: Csms,
        transfers: Transfers,
        on_change: Callable[[], None],
    ) -> None:
        """`what` is the file's word in the event log and in the store."""
        self._what = what
        self._environment = environment
        self._documents = documents
        self._csms = csms
        self._transfers = transfers
        self._on_change = on_change
        self._work: asyncio.Task[None] | None = None
        self._seen = UploadSnapshot()
        self._request_id: int | None = None
        self._untold = False
        self.booted()

    @property
    def active(self) -> bool:
        """A file is on its way."""
        return self._seen.active

    @property
    def request_id(self) -> int | None:
        """The requestId of the file that is on its way, or was the last."""
        return self._request_id

    def snapshot(self) -> UploadSnapshot:
        """What viewers see of it."""
        return self._seen

    def begin(self, upload: Upload) -> None:
        """Send a file."""
        self.go_down()
        self._request_id = upload.request_id
        self._documents.put(self._what, {"name": upload.name, "request_id": upload.request_id})
        self._seen = UploadSnapshot(active=True, file_name=upload.name)
        self._work = self._environment.spawn(self._send(upload))

    def go_down(self) -> None:
        """Break off what is under way; the store still knows of it."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
            self._show(self._seen.status, active=False)

    def booted(self) -> None:
        """After a boot: what the store still knows of has come to nothing."""
        kept = self._documents.get(self._what)
        self._untold = kept is not None
        if kept is not None:
            self._request_id = kept["request_id"]
            self._seen = UploadSnapshot(
                status=FAILED,
                file_name=kept["name"],
                trouble="the charge point went down",
                failed=True,
            )

    def registered(self) -> None:
        """The CSMS hears again: it is told how an upload has ended that a boot has ended."""
        if self._untold:
            self._untold = False
            self._documents.put(self._what, None)
            self._step(FAILED, "the charge point went down", active=False)

    async def _send(self, upload: Upload) -> None:
        for left in range(upload.retries, -1, -1):
            self._step(UPLOADING)
            try:
                await self._transfers.send(
                    upload.location, upload.name, upload.content, self._progress
                )
            except TransferError as error:
                again = left > 0
                self._step(
                    FAILED, str(error), active=again, pause_s=upload.pause_s, flaw=error.flaw
                )
                if left:
                    await self._environment.clock.sleep(upload.pause_s)
            else:
                self._step(UPLOADED, active=False)
                break
        self._work = None
        self._documents.put(self._what, None)

    def _progress(self, done: int, total: int | None) -> None:
        if total:
            self._show(UPLOADING, active=True, percent=min(100, done * 100 // total))

    def _step(
        self,
        status: str,
        trouble: str = "",
        *,
        active: bool = True,
        pause_s: float = 0.0,
        flaw: Flaw = Flaw.OTHER,
    ) -> None:
        again = active and status == FAILED
        self._environment.note(
            "upload",
            f"{self._what} {self._seen.file_name}: {status}"
            + (f" ({trouble})" if trouble else "")
            + (f", again in {pause_s:g} s" if again else ""),
        )
        due_at = self._environment.now() + timedelta(seconds=pause_s) if again else None
        self._show(
            status, active=active, trouble=trouble, due_at=due_at, since=self._environment.now()
        )
        self._csms.hear(UploadStepped(self._what, status, self._request_id, flaw))

    def _show(
        self,
        status: str,
        *,
        active: bool,
        percent: int | None = None,
        trouble: str = "",
        due_at: datetime | None = None,
        since: datetime | None = None,
    ) -> None:
        self._seen = UploadSnapshot(
            status,
            active,
            self._seen.file_name,
            percent,
            since or self._seen.since,
            due_at,
            trouble,
            failed=status == FAILED,
        )
        self._on_change()


def pause_of(retry_interval: int | None) -> int:
    """The seconds between two tries."""
    return (
        RETRY_S
        if retry_interval is None
        else min(max(LEAST_PAUSE_S, retry_interval), LONGEST_PAUSE_S)
    )


def tries_of(retries: int | None) -> int:
    """How often it is tried again; a CSMS that says nothing wants no more than one try."""
    return max(0, retries or 0)


def shown(location: str) -> str:
    """A location for people; hostile text that is no URL is only called so."""
    try:
        return public_url(read_location(location).shown)
    except TransferError as error:
        return f"({error})"
