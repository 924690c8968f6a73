"""One SQLite file per charge point: the areas of the promise over one database.

What the disk refuses is kept in memory and owed to the file (`database`); whether the file is still
where it was is the `place`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from sim_core.store import interface
from sim_core.store.interface import MEMORY
from sim_core.store.sqlite.database import Database
from sim_core.store.sqlite.file import make, open_or_make
from sim_core.store.sqlite.journal import Journal
from sim_core.store.sqlite.place import Place
from sim_core.store.sqlite.profiles import Profiles
from sim_core.store.sqlite.reservations import Reservations
from sim_core.store.sqlite.security_log import SecurityLog
from sim_core.store.sqlite.sessions import Sessions
from sim_core.store.sqlite.tokens import LocalList, TokenCache
from sim_core.store.sqlite.transactions import Transactions
from sim_core.store.sqlite.values import Availability, Configuration, Documents, Registers


class SqliteStore:
    """See `interface.Store`."""

    def __init__(self, path: Path, now: datetime) -> None:
        """Open or create the file at `path` (`MEMORY`: nothing is kept).

        `now` names a damaged file that has to be set aside.

        Raises StoreError when the folder cannot be used or another process has the file.
        """
        self.path = path
        self.trouble = ""
        self._place = None if path == MEMORY else Place(path)
        if self._place is None:
            file = make(path)
        else:
            try:
                file, self.trouble = open_or_make(path, now)
                self._place.opened()
            except BaseException:
                self._place.release()
                raise
        self._db = db = Database(file, path)
        self.registers: interface.Registers = Registers(db)
        self.availability: interface.Availability = Availability(db)
        self.configuration: interface.Configuration = Configuration(db)
        self.documents: interface.Documents = Documents(db)
        self.transactions: interface.Transactions = Transactions(db)
        sessions = Sessions(db)
        self.sessions: interface.Sessions = sessions
        self.journal: interface.Journal = Journal(db, sessions)
        self.tokens: interface.TokenCache = TokenCache(db)
        self.local_list: interface.LocalList = LocalList(db)
        self.reservations: interface.Reservations = Reservations(db)
        self.profiles: interface.Profiles = Profiles(db)
        self.security_log: interface.SecurityLog = SecurityLog(db)

    def close(self) -> None:
        self._db.close()
        if self._place is not None:
            self._place.release()

    def together(self) -> AbstractContextManager[None]:
        return self._db.together()

    def strictly(self) -> AbstractContextManager[None]:
        return self._db.strictly()

    @property
    def refusal(self) -> str:
        return self._db.refusal

    @property
    def owed(self) -> int:
        return self._db.owed

    def tell_refusals(self, told: Callable[[], None]) -> None:
        self._db.on_refusal = told

    def retry(self, *, patiently: bool = False) -> bool:
        return self._db.retry(patiently=patiently)

    def explained(self, error: BaseException) -> BaseException:
        return self._db.explained(error)

    def misplaced(self) -> str:
        return self._place.misplaced() if self._place else ""

    def claim_again(self) -> bool:
        return self._place.claim_again() if self._place else True
