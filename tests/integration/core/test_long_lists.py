"""Lists that may be very long: their first pages, and a count that ends."""

import pytest

from muniment.core import long_lists
from muniment.core.long_lists import FirstPages, up_to
from muniment.core.models import Controller


@pytest.mark.parametrize(("most", "counted", "are_more"), [(2, 3, True), (50, None, False)])
def test_pages_and_counts_end_at_the_most(controllers, monkeypatch, most, counted, are_more):
    monkeypatch.setattr(long_lists, "MOST", most)
    every = Controller.objects.order_by("-code")
    pages = FirstPages(every, 1)
    assert up_to(every) == (counted or len(controllers))
    assert (pages.count, pages.are_more) == (min(most, len(controllers)), are_more)
    assert pages.num_pages == pages.count
    assert pages.get_page(99).object_list[0] == list(every)[pages.count - 1]
