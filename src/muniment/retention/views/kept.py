"""Why a person is kept, by each controller; and the schedule in force, which anyone signed in may read."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import audit, policy_in_force
from muniment.core.models import Controller
from muniment.core.visits import opens, visitor
from muniment.people.views.person import opened
from muniment.retention import explaining, queries
from muniment.retention.models import PersonDecision, Review


@opens("person.view")
def person_retention(request: HttpRequest, reference: str) -> HttpResponse:
    """Show why a person is kept and what stops disposal, for each controller whose decision the reader may see."""
    prime, shown = opened(request, reference, "person_retention")
    deciding = PersonDecision.objects.filter(prime=prime).select_related("controller").order_by("controller__name")
    explanations = [(each.controller, explaining.explain_person(prime, each.controller)) for each in deciding]
    return TemplateResponse(
        request,
        "retention/person.html",
        {
            **shown,
            "explanations": explanations,
            "holds": queries.standing_holds(
                {part.record_id for nominal in shown["nominals"] for part in nominal.involvements.all()}
            ),
            "reviews": Review.objects.filter(prime=prime).select_related("controller").order_by("-pk"),
        },
    )


@opens("schedule.view", purpose=False)
def schedule(request: HttpRequest) -> HttpResponse:
    """Show every record class as on a day: period, trigger, what then, authority, how sure, adopted or not."""
    code = request.GET.get("controller", "")
    try:
        on = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        on = timezone.localdate()
    rules = policy_in_force.load().on(on, code or None)
    audit.record(visitor(request), "schedule.view")
    rows = [
        (record_class, rules.terms[key], key in rules.adopted, rules.is_automatic(key))
        for key, record_class in sorted(rules.classes.items(), key=lambda pair: (pair[1].area, pair[0]))
    ]
    return TemplateResponse(
        request,
        "retention/schedule.html",
        {
            "rows": rows,
            "on": on,
            "code": code,
            "controllers": Controller.objects.all(),
            "version": rules.version,
            "page_title": "Retention schedule",
        },
    )
