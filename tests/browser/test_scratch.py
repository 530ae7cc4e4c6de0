import time
import pytest
from factories.small_world import make_small_world
from muniment.retention.models import Review, PersonDecision
from muniment.records.models import Record, Quarantine
from muniment.people.models import *

@pytest.mark.django_db(transaction=True, databases="__all__")
def test_x(cast, capsys):
    t=time.time(); make_small_world(); a=time.time()
    with capsys.disabled():
        print("\nworld", a-t, Record.objects.count(), PrimePerson.objects.count(), Review.objects.count(), Review.objects.filter(controller__code='northshire').count(), PersonDecision.objects.filter(outcome='dispose').count(), MatchEdge.objects.filter(is_automatic=False).count(), Quarantine.objects.count())
