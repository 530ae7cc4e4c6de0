"""About the system, and staying signed in."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def about(request: HttpRequest) -> HttpResponse:
    """Say what this is, whose data it shows and how accessible it is; anyone may read it."""
    return TemplateResponse(request, "workbench/about.html", {"page_title": "About this system"})


def stay(request: HttpRequest) -> HttpResponse:
    """Keep the session alive: that the request was made is enough."""
    return HttpResponse(status=204)
