"""The retention schedule: as in force on a day, and what it says otherwise than on another, for anyone to read."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import audit
from muniment.core.models import User
from muniment.core.visits import visitor
from muniment.engine.policy.changes import changes
from muniment.retention.forms.schedule import ScheduleForm
from muniment.retention.policies import policy_now


def schedule(request: HttpRequest) -> HttpResponse:
    """Show every record class as on a day: period, trigger, what then, authority, how sure, adopted or not.

    A schedule is published, and tells of nobody: who looks is not asked. Of who is signed in it is an event.
    """
    if isinstance(request.user, User):
        audit.record(visitor(request), "schedule.view")
    form = ScheduleForm(request.GET or None)
    form.is_valid()
    given: dict[str, Any] = form.cleaned_data if form.is_bound else {}
    on, controller, since = given.get("on") or timezone.localdate(), given.get("controller"), given.get("since")
    policy, code = policy_now.policy(), controller.code if controller else None
    rules = policy.on(on, code)
    rows = [
        (record_class, rules.terms[key], key in rules.adopted, rules.is_automatic(key), rules.adoptions.get(key))
        for key, record_class in sorted(rules.classes.items(), key=lambda pair: (pair[1].area, pair[0]))
    ]
    shown = {
        "rows": rows,
        "on": on,
        "form": form,
        "version": rules.version,
        "marking": "OFFICIAL",
        "page_title": "Retention schedule",
    }
    if since:
        first, last = sorted((since, on))
        shown |= {
            "since": first,
            "until": last,
            "changes": changes(policy.on(first, code), policy.on(last, code)),
            "switched": policy.switched(first, last),
        }
    return TemplateResponse(request, "retention/schedule.html", shown)
