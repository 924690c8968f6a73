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


def document_of(update: Update) -> dict[str, Any]:
    return asdict(update) | {"retrieve_at": update.retrieve_at.isoformat()}


def update_of(document: dict[str, Any]) -> Update:
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
