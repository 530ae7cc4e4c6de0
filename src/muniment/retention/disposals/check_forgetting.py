"""What was checked or decided by hand about somebody who is destroyed goes with them; closed samples keep counts."""

from collections.abc import Collection

from django.db.models import Q

from muniment.retention.models import ManualDecision, SampledDecision


def forget(*, records: Collection[int] = (), primes: Collection[int] = ()) -> list[int]:
    """Delete what is about some records or prime people; return the keys of the content that it leaves behind."""
    about = Q(record__in=records) | Q(prime__in=primes)
    left: list[int] = []
    for model, texts in ((SampledDecision, ("reason", "note")), (ManualDecision, ("reason", "settled_reason"))):
        theirs = model.objects.filter(about)
        left += [key for row in theirs.values_list(*(f"{name}_id" for name in texts)) for key in row if key]
        theirs.delete()
    return left
