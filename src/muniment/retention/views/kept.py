"""Why a person is kept, by each controller; and the schedule in force, which anyone signed in may read."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import access, audit
from muniment.core.models import User
from muniment.core.visits import opens, visitor
from muniment.people import carried
from muniment.people.views.person import opened
from muniment.records.models import Involvement
from muniment.retention import explaining, policy_now, stops
from muniment.retention.forms import ScheduleForm
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


@opens("schedule.view", purpose=False)
def schedule(request: HttpRequest) -> HttpResponse:
    """Show every record class as on a day: period, trigger, what then, authority, how sure, adopted or not."""
    form = ScheduleForm(request.GET or None)
    form.is_valid()
    given = form.cleaned_data if form.is_bound else {}
    on, controller = given.get("on") or timezone.localdate(), given.get("controller")
    rules = policy_now.policy().on(on, controller.code if controller else None)
    audit.record(visitor(request), "schedule.view")
    rows = [
        (record_class, rules.terms[key], key in rules.adopted, rules.is_automatic(key))
        for key, record_class in sorted(rules.classes.items(), key=lambda pair: (pair[1].area, pair[0]))
    ]
    shown = {"rows": rows, "on": on, "form": form, "version": rules.version, "page_title": "Retention schedule"}
    return TemplateResponse(request, "retention/schedule.html", shown)
