"""A store in memory: the areas of the promise over one `Undo`, and a disk that is always well."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from sim_core.store import interface
from sim_core.store.interface import MEMORY
from sim_core.store.memory.journal import Journal
from sim_core.store.memory.profiles import Profiles
from sim_core.store.memory.reservations import Reservations
from sim_core.store.memory.security_log import SecurityLog
from sim_core.store.memory.sessions import Sessions
from sim_core.store.memory.tokens import LocalList, TokenCache
from sim_core.store.memory.transactions import Transactions
from sim_core.store.memory.undo import Undo
from sim_core.store.memory.values import Availability, Configuration, Documents, Registers


class MemoryStore:
    """See `interface.Store`."""

    __slots__ = (
        "_undo",
        "availability",
        "configuration",
        "documents",
        "journal",
        "local_list",
        "path",
        "profiles",
        "registers",
        "reservations",
        "security_log",
        "sessions",
        "tokens",
        "transactions",
        "trouble",
    )

    def __init__(self) -> None:
        self.path = MEMORY
        self.trouble = ""
        self._undo = undo = Undo()
        profiles = Profiles(undo)
        transactions = Transactions(undo, profiles)
        self.registers: interface.Registers = Registers(undo)
        self.availability: interface.Availability = Availability(undo)
        self.configuration: interface.Configuration = Configuration(undo)
        self.documents: interface.Documents = Documents(undo)
        self.transactions: interface.Transactions = transactions
        sessions = Sessions(undo)
        self.sessions: interface.Sessions = sessions
        self.journal: interface.Journal = Journal(undo, transactions, sessions)
        self.tokens: interface.TokenCache = TokenCache(undo)
        self.local_list: interface.LocalList = LocalList(undo)
        self.reservations: interface.Reservations = Reservations(undo)
        self.profiles: interface.Profiles = profiles
        self.security_log: interface.SecurityLog = SecurityLog(undo)

    def close(self) -> None:
        """There is nothing to let go of."""

    def together(self) -> AbstractContextManager[None]:
        return self._undo.together()

    def strictly(self) -> AbstractContextManager[None]:
        return nullcontext()

    @property
    def refusal(self) -> str:
        return ""

    @property
    def owed(self) -> int:
        return 0

    def tell_refusals(self, told: Callable[[], None]) -> None:
        """Memory refuses nothing."""

    def retry(self, *, patiently: bool = False) -> bool:
        return True

    def explained(self, error: BaseException) -> BaseException:
        return error

    def misplaced(self) -> str:
        return ""

    def claim_again(self) -> bool:
        return True
