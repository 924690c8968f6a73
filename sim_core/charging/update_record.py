"""What is known of an update, and how it is kept: what was ordered, and how far that is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sim_core.charging.uploads import pause_of
from sim_core.files.firmware_image import Image

VERSION, UPDATE = "firmware", "firmware update"
"""Names in the store."""

IDLE = "Idle"
DOWNLOADING, DOWNLOADED, DOWNLOAD_FAILED = "Downloading", "Downloaded", "DownloadFailed"
INSTALLING, INSTALLED, INSTALLATION_FAILED = "Installing", "Installed", "InstallationFailed"
DOWNLOAD_SCHEDULED, INSTALL_SCHEDULED = "DownloadScheduled", "InstallScheduled"
SIGNATURE_VERIFIED, INVALID_SIGNATURE = "SignatureVerified", "InvalidSignature"
INSTALL_REBOOTING = "InstallRebooting"
"""Stages that OCPP 2.0.1 has words for and OCPP 1.6 has not."""


class Stage(str, Enum):
    """How far an update is."""

    WAITING = "waiting"
    """For its retrieve date."""
    LOADING = "loading"
    READY = "ready"
    """The file is there; it waits for its install date, and for the last session to end."""
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
    install_at: datetime | None = None
    """Not before; None: as soon as it may."""
    request_id: int | None = None
    """What the CSMS calls the order; None: it has no name for it."""
    certificate: str = ""
    """PEM of whoever has signed the file; empty: it is not signed."""
    signature: str = ""
    """Base64 of the signature over the file."""
    sessions_go_on: bool = False
    """Sessions may begin while it waits for the last one to end."""


def document_of(update: Update) -> dict[str, Any]:
    install_at = update.install_at.isoformat() if update.install_at else None
    return asdict(update) | {
        "retrieve_at": update.retrieve_at.isoformat(),
        "install_at": install_at,
    }


def update_of(document: dict[str, Any]) -> Update:
    image, install_at = document["image"], document.get("install_at")
    return Update(
        **{
            **document,
            "retrieve_at": datetime.fromisoformat(document["retrieve_at"]),
            "install_at": datetime.fromisoformat(install_at) if install_at else None,
            "pause_s": pause_of(document["pause_s"]),
            "stage": Stage(document["stage"]),
            "image": Image(**image) if image else None,
        }
    )
