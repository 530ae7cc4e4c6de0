"""Lists that may be very long: their first pages, and how many there are as far as anybody counts while they wait.

Under row-level security each row is asked for itself, so that counting costs as much as reading. Of a backlog of
hundreds of thousands a page shows the first in an index; how many there are is counted up to `MOST` and no further.
"""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST = 5_000  # some tens of milliseconds


def up_to(found: QuerySet[Any]) -> int:
    """Return how many rows there are, `MOST` + 1 where there are more."""
    return found.order_by()[: MOST + 1].count()


class FirstPages(Paginator):  # type: ignore[type-arg]
    """The pages of the first `MOST` rows of a query."""

    @cached_property
    def count(self) -> int:
        """How many rows are on the pages."""
        return min(self._counted, MOST)

    @property
    def are_more(self) -> bool:
        """Whether the query has rows that are on none of the pages."""
        return self._counted > MOST

    @cached_property
    def _counted(self) -> int:
        assert isinstance(self.object_list, QuerySet)
        return up_to(self.object_list)
