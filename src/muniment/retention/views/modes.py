"""The mode of a controller: what has to hold before it leaves advisory mode, asking, agreeing, and going back."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.models import User
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.retention.actions import changing_mode
from muniment.retention.checks import leaving
from muniment.retention.forms.checks import AskModeForm, WhyForm
from muniment.retention.models import ModeChange
from muniment.retention.views.by_hand import found_controller

_REFUSED = "mode.refused"


@opens("check.view")
def mode(request: HttpRequest, code: str) -> HttpResponse:
    """Show the mode of a controller with what has to hold, and take what somebody asks, agrees to or goes back from."""
    assert isinstance(request.user, User)
    controller = found_controller(request, code)
    may = controller in controllers_of(request.user, changing_mode.CHANGE)
    verb = request.POST.get("do", "") if may else ""
    asking = AskModeForm(request.POST if verb == "ask" else None)
    refusing = WhyForm(changing_mode.WHY_NOT, "Why not", request.POST if verb == "refuse" else None, prefix="refuse")
    back = WhyForm(changing_mode.WHY_BACK, "Why it goes back", request.POST if verb == "back" else None, prefix="back")
    waits = leaving.waiting(controller)
    by = visitor(request)
    acts: dict[str, tuple[Callable[[], object], str]] = {}
    if asking.is_bound and asking.is_valid():
        ask = partial(changing_mode.ask, controller, asking.cleaned_data["paper"], by=by)
        acts["ask"] = ask, "It is asked for. Somebody else has to agree."
    if waits and verb == "agree":
        acts["agree"] = partial(changing_mode.agree, waits, by=by), f"{controller.name} has left advisory mode."
    if waits and refusing.is_bound and refusing.is_valid():
        refuse = partial(changing_mode.refuse, waits, refusing.cleaned_data["why"], by=by)
        acts["refuse"] = refuse, "Refused: it stays in advisory mode."
    if back.is_bound and back.is_valid():
        go_back = partial(changing_mode.go_back, controller, back.cleaned_data["why"], by=by)
        acts["back"] = go_back, f"{controller.name} is in advisory mode: nothing more of its records is destroyed."
    if verb in acts:
        act, said = acts[verb]
        carry_out(request, act, said, refusal=_REFUSED, of=code)
        return redirect("mode", code)
    audit.record(by, "mode.view", controller=controller.code)
    found = leaving.conditions(controller)
    shown = {
        "controller": controller,
        "conditions": found,
        "all_hold": all(each.holds for each in found),
        "waits": waits,
        "asked_it": waits is not None and waits.asked_by == by.name,
        "may": may,
        "asking": asking,
        "refusing": refusing,
        "back": back,
        "history": ModeChange.objects.filter(controller=controller, settled_at__isnull=False).order_by("-pk"),
        "page_title": f"Advisory mode: {controller.name}",
    }
    wrong = asking.errors or refusing.errors or back.errors
    return TemplateResponse(request, "retention/mode.html", shown, status=422 if wrong else 200)
