"""The API of `muniment receive`: a source system hands in records and is answered what became of them.

What is sent is what a file of the source's feed would hold, in the same form and under the same rules; a file name says
which table and which day. It is validated, taken in, attached to prime records and decided about before the answer.
"""

import os
import tempfile
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path, PurePath
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer

from muniment import feeds
from muniment.core import audit, places
from muniment.core.actors import Actor
from muniment.records.actions import source_key, take_in
from muniment.records.models import SourceKey
from muniment.workbench import arrivals
from muniment.workbench.crowds import Followed

MOST_BYTES = 8 << 20  # of what is sent at once; more is a file for `muniment intake`


class Taken(Schema):
    """What became of what was sent. `read` is the sum of the next five."""

    read: int
    accepted: int
    unchanged: int
    updated: int
    quarantined: int
    suppressed: int
    withdrawn: int
    older: int
    reasons: dict[str, int]  # why rows wait in quarantine
    notes: list[str]
    nominals_attached: int
    places_attached: int  # ways of writing a place or a vehicle, decided about with those that share something
    vehicles_attached: int
    people_decided: int
    records_decided: int
    reviews_opened: int


class Refused(Schema):
    """Why nothing was changed, and what to do."""

    detail: str


class _ByKey(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> SourceKey | None:
        """Return the standing key; a refusal is audited without what was shown."""
        key = source_key.find(token)
        if key is None:
            audit.record_apart(
                Actor("receive"), "records.receive", "refused", detail={"status": int(HTTPStatus.UNAUTHORIZED)}
            )
        return key


api = NinjaAPI(title="Muniment: records from source systems", version="1", auth=_ByKey(), docs_url=None)


_known: dict[str, feeds.Feed] = {}  # the feeds that this process receives, by id


def receive(known: Iterable[feeds.Feed]) -> None:
    """Say which feeds are received."""
    _known.clear()
    _known.update((feed.id, feed) for feed in known)


_REFUSALS = {
    HTTPStatus.NOT_FOUND: Refused,
    HTTPStatus.FORBIDDEN: Refused,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Refused,
    HTTPStatus.UNPROCESSABLE_ENTITY: Refused,
}


@api.post(
    "/feeds/{feed}/{file}",
    response={HTTPStatus.OK: Taken, **_REFUSALS},
    summary="Hand in records",
    description="The body is what a file of the feed holds, in its format. The name says which table, and the day.",
)
def hand_in(request: HttpRequest, feed: str, file: str) -> Taken:
    """Take in what was sent, attach and decide, and say what became of it."""
    key: SourceKey = request.auth  # type: ignore[attr-defined]
    by = Actor(f"{key.system.controller.code} {key.system.code}: {key.name}"[:150])
    known = _known.get(feed)
    if known is None:
        raise _refusal(by, HTTPStatus.NOT_FOUND, f"This service receives no feed {feed}: see how it was started.")
    if (known.controller, known.system) != (key.system.controller.code, key.system.code):
        raise _refusal(by, HTTPStatus.FORBIDDEN, f"This key is of another system than the feed {feed}.")
    if len(request.body) > MOST_BYTES:
        said = f"More than {MOST_BYTES >> 20} MB at once: send less, or take the file in with muniment intake."
        raise _refusal(by, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
    if PurePath(file).name != file or file.startswith("."):
        raise _refusal(by, HTTPStatus.UNPROCESSABLE_ENTITY, "Name the file as the feed says, without a folder.")
    try:
        counts, followed = _arrive(known, file, request.body, by)
    except (feeds.BadFile, take_in.UnknownSystem) as refusal:
        raise _refusal(by, HTTPStatus.UNPROCESSABLE_ENTITY, f"{refusal}\nNothing was taken in.") from refusal
    notes = [*counts.notes, *([followed.waits] if followed.waits else [])]
    return Taken(**counts.numbers(), reasons=dict(counts.reasons), notes=notes, **followed.numbers())


def _arrive(feed: feeds.Feed, name: str, body: bytes, by: Actor) -> tuple[take_in.Counts, Followed]:
    """Take in what was sent as a file, which lies nowhere afterwards; what a kill leaves goes with `places.spill`."""
    own = places.work() / str(os.getpid())
    own.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=own) as folder:
        file = Path(folder) / name
        file.write_bytes(body)
        return arrivals.arrive(feed, file, by=by)


def _refusal(by: Actor, status: HTTPStatus, said: str) -> HttpError:
    audit.record_apart(by, "records.receive", "refused", detail={"status": int(status)})
    return HttpError(status, said)


def health(request: HttpRequest) -> HttpResponse:
    """Say that the service answers, and nothing else."""
    return HttpResponse("ready\n", content_type="text/plain")


def no_store(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let no cache keep an answer."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Cache-Control"] = "no-store"
        return response

    return answer


def _plainly(status: HTTPStatus) -> Callable[..., HttpResponse]:
    def answer(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        return JsonResponse({"detail": status.description or status.phrase}, status=status)

    return answer


handler400, handler403 = _plainly(HTTPStatus.BAD_REQUEST), _plainly(HTTPStatus.FORBIDDEN)
handler404, handler500 = _plainly(HTTPStatus.NOT_FOUND), _plainly(HTTPStatus.INTERNAL_SERVER_ERROR)
urlpatterns: list[Any] = [path("v1/", api.urls), path("health", health)]
