"""UpdateFirmware: a new version, from the order to the boot (OCPP 1.6 §5.19, §4.5).

An update goes through stages, and each is in the store before anybody is told of it. So a power cut
has an honest end: what waited goes on waiting, a file that was on its way is DownloadFailed, an
installation that was cut off is InstallationFailed and the old version boots, one that was complete
is Installed. Those ends are said after the boot; nothing else is kept for an offline CSMS
(FirmwareStatusNotification is no transaction message, §3.7).

While the file waits for the last session to end, connectors that are free go out of service, and
nobody can begin anew; while it is installed, all of them and the charge point are Unavailable.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from ocpp.charge_point import snake_to_camel_case
from ocpp.v16 import call_result
from ocpp.v16.enums import Action

from sim_core.files.firmware_image import Image, read_image
from sim_core.files.transfer import TransferError
from sim_core.ocpp16.outlet import Outlet
from sim_core.ocpp16.routing import on
from sim_core.ocpp16.security_log import FIRMWARE_UPDATED
from sim_core.ocpp16.timestamps import moment, stamp
from sim_core.ocpp16.uploads import pause_of, shown, tries_of
from sim_core.runtime.clock import Timer
from sim_core.snapshot import FirmwareSnapshot, Registration
from sim_core.wire import schemas
from sim_core.wire.endpoint import Payload, Refusal, Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

VERSION, UPDATE = "firmware", "firmware update"
"""Names in the store."""

IDLE = "Idle"
DOWNLOADING, DOWNLOADED, DOWNLOAD_FAILED = "Downloading", "Downloaded", "DownloadFailed"
INSTALLING, INSTALLED, INSTALLATION_FAILED = "Installing", "Installed", "InstallationFailed"


class Stage(str, Enum):
    """How far an update is."""

    WAITING = "waiting"
    """For its retrieve date."""
    LOADING = "loading"
    READY = "ready"
    """The file is there; it waits for the last session to end."""
    INSTALLING = "installing"
    DONE = "done"
    """The new version is in place and boots."""
    FAILED = "failed"
    """The installation has failed, and the old version boots."""


AFTER_A_BOOT: dict[Stage, tuple[str, str]] = {
    Stage.LOADING: (DOWNLOAD_FAILED, "the charge point went down while the file was on its way"),
    Stage.INSTALLING: (
        INSTALLATION_FAILED,
        "the charge point went down during the installation; the old version is running",
    ),
    Stage.DONE: (INSTALLED, ""),
}
"""How an update ends that had come so far before the boot; other stages go on."""


@dataclass(frozen=True)
class Update:
    """What the CSMS has ordered, and how far that is."""

    location: str
    retrieve_at: datetime
    retries: int
    pause_s: int
    stage: Stage = Stage.WAITING
    image: Image | None = None


class Firmware:
    """Handler of UpdateFirmware, and the life of an update."""

    profile = "FirmwareManagement"

    def __init__(self, charge_point: ChargePoint) -> None:
        """Takes up what the store knows: the version that is installed, an update under way."""
        self._cp = charge_point
        self._built_in = charge_point.build.model.identity.firmware_version
        self._update: Update | None = None
        self._work: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._parked: list[Outlet] = []
        """Connectors that only a vehicle is at: they do not hold an installation up."""
        self._to_tell: tuple[str, str, Image | None] | None = None
        """How an update has ended that a boot has ended."""
        self._seen = FirmwareSnapshot()
        self._take_version()
        self.recover()

    # -- what others ask ---------------------------------------------

    @property
    def quiet(self) -> bool:
        """Nobody may begin anything: a new version waits or is being installed."""
        return self.installing or self._at(Stage.READY)

    @property
    def installing(self) -> bool:
        """The charge point as a whole is out of service."""
        return self._at(Stage.INSTALLING, Stage.DONE, Stage.FAILED)

    def picture(self) -> FirmwareSnapshot:
        """What viewers see of it."""
        return self._seen

    # -- what the CSMS asks ------------------------------------------

    @on(Action.update_firmware, skip_schema_validation=True)
    def update_firmware(self, /, **said: Any) -> Reply | Refusal:
        """§5.19. A newer order takes the place of one that is not being installed yet."""
        cp = self._cp
        order: Payload = snake_to_camel_case(said)
        if cp.quirks.mute_transfers and order.get("retrieveDate") is None:
            order["retrieveDate"] = stamp(cp.now())  # such a make takes one without a date
        if fault := schemas.request_fault("UpdateFirmware", order):
            return Refusal(fault.code, fault.description)
        at = moment(order["retrieveDate"])
        if at is None:
            return Refusal("PropertyConstraintViolation", "retrieveDate is no date and time")
        if self.installing:
            return Refusal("GenericError", "an installation is running: ask when it is over")
        update = Update(
            order["location"],
            at,
            tries_of(order.get("retries")),
            pause_of(order.get("retryInterval")),
        )
        return Reply(call_result.UpdateFirmware(), then=lambda: self._order(update))

    def trigger(self) -> None:
        """A triggered FirmwareStatusNotification (§5.17): Idle when nothing is under way."""
        status = self._seen.status if self._seen.active else IDLE
        self._cp.say("FirmwareStatusNotification", {"status": status}, triggered=True)

    # -- boots, power and clock --------------------------------------

    def recover(self) -> None:
        """After a boot: go on with what can go on, and remember how the rest has ended."""
        kept = self._cp.store.kept(UPDATE)
        self._update = update = _update_of(kept) if kept else None
        if update is None:
            return
        image = update.image
        if update.stage in AFTER_A_BOOT:
            status, trouble = AFTER_A_BOOT[update.stage]
            self._update, self._to_tell = None, (status, trouble, image)
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
        self.recover()
        self._release()

    def registered(self) -> None:
        """The CSMS hears: it is told how an update has ended; one that waits may go on."""
        if self._to_tell is not None:
            (status, trouble, image), self._to_tell = self._to_tell, None
            self._keep(None)
            self._step(status, trouble=trouble, active=False, image=image)
            if status == INSTALLED and image is not None:
                self._cp.security_log.note(FIRMWARE_UPDATED, image.version)
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
        cp = self._cp
        wait_s = (update.retrieve_at - cp.now()).total_seconds()
        self._see(IDLE, due_at=update.retrieve_at)
        if wait_s > 0:
            self._timer = cp.clock.call_later(wait_s, self._load)
        else:
            self._load()

    def look(self) -> None:
        """Something may have become free: install if nobody charges any more."""
        cp = self._cp
        if not self._at(Stage.READY) or not self._may_go_on():
            return
        busy = [outlet.number for outlet in cp.outlets.values() if _in_session(outlet)]
        if not busy:
            self._install()
            return
        trouble = f"it waits for the end of the session at connector {busy[0]}"
        if trouble != self._seen.trouble:
            self._see(DOWNLOADED, trouble=trouble, image=self._image())

    # -- the stages --------------------------------------------------

    def _order(self, update: Update) -> None:
        self._stop_working()
        self._keep(update)
        self._cp.note("firmware", f"the CSMS wants firmware from {shown(update.location)}")
        for outlet in self._cp.outlets.values():
            outlet.begin_anew()  # the older one no longer keeps them out of service
        self._release()
        self.rearm()

    def _load(self) -> None:
        self._timer = None
        update = self._update
        if update is not None and self._may_go_on():
            self._keep(replace(update, stage=Stage.LOADING))
            self._work = self._cp.spawn(self._fetch(update))

    async def _fetch(self, update: Update) -> None:
        cp = self._cp
        for left in range(update.retries, -1, -1):
            self._step(DOWNLOADING)
            try:
                file = await cp.transfers.fetch(update.location, self._progress)
                if not file.size:
                    raise TransferError("the file is empty")
            except TransferError as error:
                pause = timedelta(seconds=update.pause_s)
                if left:
                    self._step(DOWNLOAD_FAILED, trouble=str(error), due_at=cp.now() + pause)
                    await cp.clock.sleep(update.pause_s)
                else:
                    self._keep(None)
                    self._step(DOWNLOAD_FAILED, trouble=str(error), active=False)
            else:
                image = read_image(file.name, file.head, size=file.size, sha256=file.sha256)
                self._keep(replace(update, stage=Stage.READY, image=image))
                self._step(DOWNLOADED, image=image)
                break
        self._work = None
        if self.quiet:
            self._tell_outlets()
            self.look()

    def _install(self) -> None:
        cp, update = self._cp, self._update
        assert update is not None
        assert update.image is not None
        self._keep(replace(update, stage=Stage.INSTALLING))
        for outlet in cp.outlets.values():
            if outlet.operative and not outlet.ended and outlet.metal.occupied:
                outlet.ended = True  # §4.9: from Preparing to Unavailable it goes by Finishing
                self._parked.append(outlet)
        self._tell_outlets()
        own_s = update.image.install_s
        install_s = cp.vary(cp.timing.install_s) if own_s is None else own_s
        self._step(INSTALLING, due_at=cp.now() + timedelta(seconds=install_s), image=update.image)
        self._work = cp.spawn(self._put_in_place(update.image, install_s))

    async def _put_in_place(self, image: Image, install_s: float) -> None:
        cp = self._cp
        await cp.clock.sleep(install_s)
        update = self._update
        assert update is not None
        self._work = None
        if image.broken:
            self._keep(replace(update, stage=Stage.FAILED))
            self._step(INSTALLATION_FAILED, trouble=image.broken, active=False, image=image)
            why = "the installation has failed: the charge point reboots with the old version"
        else:
            with cp.store.together():
                cp.store.keep(VERSION, {"version": image.version, "over": self._built_in})
                self._keep(replace(update, stage=Stage.DONE))
            why = f"firmware {image.version} is in place: the charge point reboots"
        await cp.restart(why)

    def _release(self) -> None:
        """Connectors are free again."""
        for outlet in self._parked:
            outlet.ended = False
        self._parked.clear()
        self._tell_outlets()

    # -- odds and ends -----------------------------------------------

    def _at(self, *stages: Stage) -> bool:
        return self._update is not None and self._update.stage in stages

    def _may_go_on(self) -> bool:
        """It is up; after a boot the CSMS comes first, or it would not hear of what follows."""
        cp = self._cp
        return cp.powered and not cp.rebooting and cp.registration is Registration.ACCEPTED

    def _image(self) -> Image | None:
        return self._update.image if self._update else None

    def _take_version(self) -> None:
        """The version that runs: what was installed last, unless the operator has since given the
        charge point another one to begin with."""
        kept = self._cp.store.kept(VERSION)
        if kept is not None and kept["over"] == self._built_in:
            model = self._cp.model
            identity = replace(model.identity, firmware_version=kept["version"])
            self._cp.model = replace(model, identity=identity)

    def _stop_working(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def _keep(self, update: Update | None) -> None:
        self._cp.store.keep(UPDATE, _document(update) if update else None)
        self._update = update

    def _tell_outlets(self) -> None:
        for outlet in self._cp.outlets.values():
            self._cp.changed(outlet)

    def _progress(self, done: int, total: int | None) -> None:
        percent = min(100, done * 100 // total) if total else None
        self._seen = replace(self._seen, percent=percent)
        self._cp.published_facts_changed()

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
        self._cp.note(
            "firmware", f"firmware{version}: {status}" + (f" ({trouble})" if trouble else "")
        )
        self._see(status, active=active, trouble=trouble, due_at=due_at, image=image)
        if not self._cp.quirks.mute_transfers:
            self._cp.say("FirmwareStatusNotification", {"status": status})

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
            since=self._seen.since if same else self._cp.now(),
            due_at=due_at,
            trouble=trouble,
            failed=status in (DOWNLOAD_FAILED, INSTALLATION_FAILED),
        )
        self._cp.published_facts_changed()


def _in_session(outlet: Outlet) -> bool:
    """Somebody charges there or is about to; a vehicle that only stands there does not count."""
    return bool(outlet.transaction or outlet.authorization or outlet.authorizing or outlet.starting)


def _document(update: Update) -> dict[str, Any]:
    return asdict(update) | {"retrieve_at": update.retrieve_at.isoformat()}


def _update_of(document: dict[str, Any]) -> Update:
    image = document["image"]
    return Update(
        **{
            **document,
            "retrieve_at": datetime.fromisoformat(document["retrieve_at"]),
            "pause_s": pause_of(document["pause_s"]),
            "stage": Stage(document["stage"]),
            "image": Image(**image) if image else None,
        }
    )
