"""On an invented world, whose crimes have addresses and marks as people write them, no two things become one."""

import pytest

from factories import small_world
from muniment.cli import demo
from muniment.core.actors import Actor
from muniment.evaluation import things
from muniment.objects.actions import judge as judging
from muniment.objects.actions.resolve import resolve
from muniment.objects.kinds import VEHICLE
from muniment.objects.models import VehicleBelonging
from muniment.people.actions.judge import Said
from muniment.records.models import Vehicle

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")


def test_nothing_is_joined_that_is_two_and_most_that_is_one_is(controllers):
    small_world.take_in()
    demo.resolve_objects(small_world.BY)
    world = small_world._exports()
    for scores in things.measure(world, by=BY):
        assert scores.false_joins == 0, scores
        assert scores.joined > scores.true_pairs / 2 > 0, scores
    marks = Vehicle.objects.exclude(mark="").values_list("registration", "mark")
    assert any(written.upper().replace(" ", "") != mark for written, mark in marks), "a misread mark was put right"

    # Somebody who says wrongly that two are one makes false joins that are counted.
    held = VehicleBelonging.objects.filter(until=None).select_related("member").order_by("prime")
    one, two = held[0].member, held.exclude(prime=held[0].prime)[0].member
    judging.judge(VEHICLE, (one, two), Said("same", "officer", "I am sure they are one."), by=BY)
    resolve(by=BY)
    assert things.measure(world, by=BY)[1].false_joins > 0
