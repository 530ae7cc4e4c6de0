"""Why a person is kept, by each controller."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import access
from muniment.core.models import User
from muniment.core.visits import opens
from muniment.people import carried
from muniment.people.views.person import opened
from muniment.records.models import Involvement
from muniment.retention.deciding import explaining
from muniment.retention.disposals import stops
from muniment.retention.models import Review


@opens("person.view")
def person_retention(request: HttpRequest, reference: str) -> HttpResponse:
    """Show why a person is kept and what stops disposal, for each controller whose decision the reader may see."""
    assert isinstance(request.user, User)
    prime, shown = opened(request, reference, "person_retention")
    return TemplateResponse(
        request,
        "retention/person.html",
        {
            **shown,
            "explanations": list(explaining.explain_person(prime).items()),
            "holds": stops.standing_holds(
                Involvement.objects.filter(nominal__in=shown["nominals"]).values_list("record_id", flat=True)
            ),
            "may_review": access.may(request.user, "review.work", on=timezone.localdate()),
            "reviews": Review.objects.filter(carried.about([prime.pk], at="decided_at"))
            .select_related("controller")
            .order_by("-pk"),
        },
    )
