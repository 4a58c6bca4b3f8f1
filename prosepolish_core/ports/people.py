"""The store of users: profiles and settings."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from ..model.outcome import Family


class PersonRow(NamedTuple):
    """A profile or the settings of one user. `version` grows by one with every update; 0: there is no row yet."""

    data: Mapping[str, object]
    version: int


class PeopleStore(Protocol):
    """Profiles (`Family.PROFILE`) and settings (`Family.SETTINGS`), kept for good. Raises StoreUnavailable, in bounded time."""

    def read(self, family: Family, user_id: str, timeout_s: float) -> PersonRow:
        """What is kept; an empty row with version 0 when there is none."""

    def merge(self, family: Family, user_id: str, changes: Mapping[str, object], timeout_s: float) -> PersonRow:
        """Set the fields given, remove those given as None. After StoreUnavailable it may have happened or not.

        Raises InvalidInput for what cannot be kept; then nothing was changed.
        """
