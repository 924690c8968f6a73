"""An update of the firmware: a new version, from the order to the boot.

An update goes through stages, and each is in the store before anybody is told of it. So a power cut
has an honest end: what waited goes on waiting, a file that was on its way is DownloadFailed, an
installation that was cut off is InstallationFailed and the old version boots, one that was complete
is Installed. Those ends are said after the boot; nothing else is kept for an offline CSMS.

While the file waits for the last session to end, connectors that are free go out of service, and
nobody can begin anew; while it is installed, all of them and the charge point are Unavailable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from sim_core.charging.condition import Condition
from sim_core.charging.condition import Update as Phase
from sim_core.charging.connector import Connector
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import UpdateStepped
from sim_core.charging.environment import Environment
from sim_core.charging.security_events import (
    FIRMWARE_UPDATED,
    INVALID_FIRMWARE_SIGNATURE,
    SecurityEvents,
)
from sim_core.charging.update_record import (
    AFTER_A_BOOT,
    DOWNLOAD_FAILED,
    DOWNLOAD_SCHEDULED,
    DOWNLOADED,
    DOWNLOADING,
    IDLE,
    INSTALL_REBOOTING,
    INSTALL_SCHEDULED,
    INSTALLATION_FAILED,
    INSTALLED,
    INSTALLING,
    INVALID_SIGNATURE,
    SIGNATURE_VERIFIED,
    UPDATE,
    VERSION,
    Stage,
    Update,
    document_of,
    update_of,
)
from sim_core.charging.uploads import shown
from sim_core.charging.vocabulary import Cause
from sim_core.files import signatures
from sim_core.files.firmware_image import Image, read_image
from sim_core.files.transfer import Received, TransferError, Transfers
from sim_core.runtime.clock import Timer
from sim_core.snapshot import FirmwareSnapshot
from sim_core.store.interface import Store

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Updates:
    """The life of an update."""

    __slots__ = (
        "_built_in",
        "_changed",
        "_condition",
        "_connectors",
        "_csms",
        "_environment",
        "_on_change",
        "_parked",
        "_request_id",
        "_restart",
        "_security",
        "_seen",
        "_store",
        "_timer",
        "_to_tell",
        "_transfers",
        "_update",
        "_work",
        "version",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        store: Store,
        csms: Csms,
        transfers: Transfers,
        *,
        security: SecurityEvents,
        built_in: str | None,
        changed: Callable[[Connector, Cause], None],
        on_change: Callable[[], None],
        restart: Callable[[str], Coroutine[Any, Any, None]],
    ) -> None:
        """Takes up what the store knows: the version that is installed, an update under way.

        `built_in` is the version that the operator has given it to begin with."""
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._store = store
        self._csms = csms
        self._transfers = transfers
        self._security = security
        self._built_in = built_in
        self._changed = changed
        self._on_change = on_change
        self._restart = restart
        self.version = built_in
        """The version that runs."""
        self._update: Update | None = None
        self._request_id: int | None = None
        self._work: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._parked: list[Connector] = []
        """Connectors that only a vehicle is at: they do not hold an installation up."""
        self._to_tell: tuple[str, str, Image | None] | None = None
        """How an update has ended that a boot has ended."""
        self._seen = FirmwareSnapshot()
        self._take_version()
        self._recover()

    # -- what others ask ---------------------------------------------

    @property
    def installing(self) -> bool:
        """The charger as a whole is out of service."""
        return self._at(Stage.INSTALLING, Stage.DONE, Stage.FAILED)

    def snapshot(self) -> FirmwareSnapshot:
        """What viewers see of it."""
        return self._seen

    @property
    def request_id(self) -> int | None:
        """What the CSMS calls the order that is under way, or was the last."""
        return self._request_id

    @property
    def under_way(self) -> bool:
        """An order is being carried out, be it that it waits."""
        return self._update is not None

    @property
    def ready(self) -> bool:
        """The file is there, and is not being installed yet."""
        return self._at(Stage.READY)

    # -- boots, power and clock --------------------------------------

    def _recover(self) -> None:
        """After a boot: go on with what can go on, and remember how the rest has ended."""
        kept = self._store.documents.get(UPDATE)
        update = update_of(kept) if kept else None
        self._set(update)
        if update is None:
            return
        image = update.image
        if update.stage in AFTER_A_BOOT:
            status, trouble = AFTER_A_BOOT[update.stage]
            self._to_tell = (status, trouble, image)
            self._set(None)
            self._see(status, active=False, trouble=trouble, image=image)
        elif update.stage is Stage.FAILED:
            self._keep(None)
            trouble = image.broken if image else ""
            self._see(INSTALLATION_FAILED, active=False, trouble=trouble, image=image)
        elif update.stage is Stage.WAITING:
            self.rearm()
        else:
            self._see(DOWNLOADED, image=image)

    def go_down(self) -> None:
        """The power fails, or the charge point reboots: what is in memory only is gone."""
        self._stop_working()
        update = self._update
        if update is not None and update.stage in (Stage.LOADING, Stage.INSTALLING):
            status, trouble = AFTER_A_BOOT[update.stage]
            self._see(status, active=False, trouble=trouble, image=update.image)

    def booted(self) -> None:
        """It is up again, with whatever version is in place."""
        self._take_version()
        self._recover()
        self._release()

    def registered(self) -> None:
        """The CSMS hears: it is told how an update has ended; one that waits may go on."""
        if self._to_tell is not None:
            (status, trouble, image), self._to_tell = self._to_tell, None
            self._keep(None)
            self._step(status, trouble=trouble, active=False, image=image)
            if status == INSTALLED and image is not None:
                self._security.note(FIRMWARE_UPDATED, image.version)
        self.rearm()
        self.look()

    def rearm(self) -> None:
        """Wait for the retrieve date, on the clock as it is now."""
        update = self._update
        if update is None or update.stage is not Stage.WAITING:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wait_s = (update.retrieve_at - self._environment.now()).total_seconds()
        if wait_s > 0 and update.request_id is not None:
            if self._seen.status != DOWNLOAD_SCHEDULED or not self._seen.active:
                self._step(DOWNLOAD_SCHEDULED, due_at=update.retrieve_at)
        else:
            self._see(IDLE, due_at=update.retrieve_at)
        if wait_s > 0:
            self._timer = self._environment.clock.call_later(wait_s, self._load)
        else:
            self._load()

    def look(self) -> None:
        """Something may have become free: install if nobody charges any more."""
        if not self._at(Stage.READY) or not self._may_go_on():
            return
        if self._waits_for_its_date():
            return
        busy = [
            connector.place for connector in self._connectors.values() if _in_session(connector)
        ]
        if not busy:
            self._install()
            return
        trouble = f"it waits for the end of the session at {busy[0]}"
        if trouble != self._seen.trouble:
            self._see(DOWNLOADED, trouble=trouble, image=self._image())

    # -- the stages --------------------------------------------------

    def order(self, update: Update) -> None:
        self._stop_working()
        self._keep(update)
        self._environment.note("firmware", f"the CSMS wants firmware from {shown(update.location)}")
        for connector in self._connectors.values():
            connector.begin_anew()  # the older one no longer keeps them out of service
        self._release()
        self._seen = FirmwareSnapshot()  # what was told of the older one is not told of this one
        self.rearm()

    def _load(self) -> None:
        self._timer = None
        update = self._update
        if update is not None and self._may_go_on():
            self._keep(replace(update, stage=Stage.LOADING))
            self._work = self._environment.spawn(self._fetch(update))

    async def _fetch(self, update: Update) -> None:
        for left in range(update.retries, -1, -1):
            self._step(DOWNLOADING)
            try:
                file = await self._transfers.fetch(update.location, self._progress)
                if not file.size:
                    raise TransferError("the file is empty")
            except TransferError as error:
                pause = timedelta(seconds=update.pause_s)
                if left:
                    self._step(
                        DOWNLOAD_FAILED, trouble=str(error), due_at=self._environment.now() + pause
                    )
                    await self._environment.clock.sleep(update.pause_s)
                else:
                    self._keep(None)
                    self._step(DOWNLOAD_FAILED, trouble=str(error), active=False)
            else:
                image = read_image(file.name, file.head, size=file.size, sha256=file.sha256)
                self._keep(replace(update, stage=Stage.READY, image=image))
                self._step(DOWNLOADED, image=image)
                if not self._is_genuine(update, file):
                    self._release()
                break
        self._work = None
        if self._at(Stage.READY):
            self._tell_connectors()
            self.look()

    def _waits_for_its_date(self) -> bool:
        """Whether the install date is still to come; then it is waited for."""
        update = self._update
        assert update is not None
        if update.install_at is None or update.install_at <= self._environment.now():
            return False
        if self._seen.status != INSTALL_SCHEDULED:
            self._step(INSTALL_SCHEDULED, due_at=update.install_at, image=update.image)
        if self._timer is None:
            wait_s = (update.install_at - self._environment.now()).total_seconds()
            self._timer = self._environment.clock.call_later(wait_s, self._install_date)
        return True

    def _install_date(self) -> None:
        self._timer = None
        self._set(self._update)
        self._tell_connectors()
        self.look()

    def _is_genuine(self, update: Update, file: Received) -> bool:
        """Whether a signed file is what its signer has signed; one without signature is."""
        if not update.certificate:
            return True
        why = signatures.why_not_signed(update.certificate, update.signature, file.sha256)
        if not why:
            self._step(SIGNATURE_VERIFIED)
            return True
        self._keep(None)
        self._step(INVALID_SIGNATURE, trouble=why, active=False)
        self._security.note(INVALID_FIRMWARE_SIGNATURE, why)
        return False

    def _install(self) -> None:
        update = self._update
        assert update is not None
        assert update.image is not None
        self._keep(replace(update, stage=Stage.INSTALLING))
        for connector in self._connectors.values():
            if connector.operative and not connector.ended and connector.metal.occupied:
                connector.ended = True  # §4.9: from Preparing to Unavailable it goes by Finishing
                self._parked.append(connector)
        self._tell_connectors()
        own_s = update.image.install_s
        install_s = (
            self._environment.vary(self._environment.timing.install_s) if own_s is None else own_s
        )
        self._step(
            INSTALLING,
            due_at=self._environment.now() + timedelta(seconds=install_s),
            image=update.image,
        )
        self._work = self._environment.spawn(self._put_in_place(update.image, install_s))

    async def _put_in_place(self, image: Image, install_s: float) -> None:
        await self._environment.clock.sleep(install_s)
        update = self._update
        assert update is not None
        self._work = None
        if image.broken:
            self._keep(replace(update, stage=Stage.FAILED))
            self._step(INSTALLATION_FAILED, trouble=image.broken, active=False, image=image)
            why = "the installation has failed: the charge point reboots with the old version"
        else:
            with self._store.together():
                self._store.documents.put(
                    VERSION, {"version": image.version, "over": self._built_in}
                )
                self._keep(replace(update, stage=Stage.DONE))
            why = f"firmware {image.version} is in place: the charge point reboots"
            if update.request_id is not None:
                self._step(INSTALL_REBOOTING, image=image)
        await self._restart(why)

    def _release(self) -> None:
        """Connectors are free again."""
        for connector in self._parked:
            connector.ended = False
        self._parked.clear()
        self._tell_connectors()

    # -- odds and ends -----------------------------------------------

    def _at(self, *stages: Stage) -> bool:
        return self._update is not None and self._update.stage in stages

    def _may_go_on(self) -> bool:
        """It is up; after a boot the CSMS comes first, or it would not hear of what follows."""
        condition = self._condition
        return condition.powered and not condition.rebooting and self._csms.accepts

    def _image(self) -> Image | None:
        return self._update.image if self._update else None

    def _take_version(self) -> None:
        """The version that runs: what was installed last, unless the operator has since given the
        charge point another one to begin with."""
        kept = self._store.documents.get(VERSION)
        if kept is not None and kept["over"] == self._built_in:
            self.version = kept["version"]

    def _stop_working(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def _keep(self, update: Update | None) -> None:
        self._store.documents.put(UPDATE, document_of(update) if update else None)
        self._set(update)

    def _set(self, update: Update | None) -> None:
        self._update = update
        if update is not None:
            self._request_id = update.request_id
        waits = self._at(Stage.READY) and update is not None and not update.sessions_go_on
        early = update is not None and (update.install_at or EPOCH) > self._environment.now()
        ready = Phase.WAITING if waits and not early else Phase.NONE
        self._condition.update = Phase.INSTALLING if self.installing else ready

    def _tell_connectors(self) -> None:
        for connector in self._connectors.values():
            self._changed(connector, Cause.CSMS)

    def _progress(self, done: int, total: int | None) -> None:
        percent = min(100, done * 100 // total) if total else None
        self._seen = replace(self._seen, percent=percent)
        self._on_change()

    def _step(
        self,
        status: str,
        *,
        trouble: str = "",
        active: bool = True,
        due_at: datetime | None = None,
        image: Image | None = None,
    ) -> None:
        version = f" {image.version}" if image and image.version else ""
        self._environment.note(
            "firmware", f"firmware{version}: {status}" + (f" ({trouble})" if trouble else "")
        )
        self._see(status, active=active, trouble=trouble, due_at=due_at, image=image)
        self._csms.hear(UpdateStepped(status))

    def _see(
        self,
        status: str,
        *,
        active: bool = True,
        trouble: str = "",
        due_at: datetime | None = None,
        image: Image | None = None,
    ) -> None:
        same = status == self._seen.status and active == self._seen.active
        self._seen = FirmwareSnapshot(
            status=status,
            active=active,
            version=image.version if image else "",
            since=self._seen.since if same else self._environment.now(),
            due_at=due_at,
            trouble=trouble,
            failed=status in (DOWNLOAD_FAILED, INSTALLATION_FAILED, INVALID_SIGNATURE),
        )
        self._on_change()


def _in_session(connector: Connector) -> bool:
    """Somebody charges there or is about to; a vehicle that only stands there does not count."""
    return bool(
        connector.transaction
        or connector.authorization
        or connector.authorizing
        or connector.starting
    )
