"""The way back: to the page that led here, or that a link names, when it is one of ours."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve

WORDS = {
    "review": "Back to the review",
    "reviews": "Back to the queue",
    "matches": "Back to the possible matches",
    "clusters": "Back to the prime records to look at",
    "cluster": "Back to the prime record",
    "judgements": "Back to the judgements",
    "judging_acts": "Back to what was judged together",
    "judging_act": "Back to the judgements made together",
    "disposal": "Back to the disposal",
    "request": "Back to the request",
    "requests": "Back to the requests",
    "linkage_sample": "Back to the sample",
    "object_matches": "Back to the possible matches",
    "place": "Back to the place",
    "vehicle": "Back to the vehicle",
    "find": "Back to what was found",
    "due_records": "Back to the records due",
    **dict.fromkeys(
        (
            "person",
            "person_facts",
            "person_links",
            "person_joins",
            "person_history",
            "person_retention",
            "person_events",
            "record_request",
        ),
        "Back to the person",
    ),
}


@dataclass(frozen=True)
class Way:
    """An address within the site, and the words of the link to it."""

    href: str
    words: str


def way_back(request: HttpRequest) -> Way | None:
    """Return where to go back to: what `next` names, or else the page that led here; None for what is not ours."""
    named = request.POST.get("next") or request.GET.get("next") or ""
    parts = urlsplit(named or request.headers.get("Referer", ""))
    if parts.netloc and (named or parts.netloc != request.get_host()):
        return None
    try:
        found = resolve(parts.path)
    except Resolver404:
        return None
    words = WORDS.get(found.url_name or "")
    return Way(f"{parts.path}{'?' + parts.query if parts.query else ''}", words) if words else None
