"""Every page at both widths: WCAG 2.2 AA by axe, the content security policy, no request off the host, no sideways
scroll, and HTML that the W3C's checker accepts."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db.models import Count
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, Request

from factories.small_world import make_small_world
from muniment.core.models import User
from muniment.people.models import MatchEdge
from muniment.records.models import Quarantine, Record
from muniment.retention.models import Hold, Review

WIDTHS = (1280, 390)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
VNU = Path(__file__).parents[2] / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


def _pages() -> Iterator[str]:
    """Name every page that a records manager reaches, each with something on it, and those without."""
    review = (
        Review.objects.filter(state="open", controller__code="northshire")
        .annotate(size=Count("prime__belongings__nominal__involvements"))
        .order_by("-size")
        .first()
    )
    assert review is not None
    person = review.prime.reference
    record = Record.objects.filter(involvements__nominal__belongings__prime=review.prime).first()
    edge, row, hold = (
        MatchEdge.objects.filter(is_automatic=False).first(),
        Quarantine.objects.first(),
        Hold.objects.first(),
    )
    assert record is not None
    assert edge is not None
    assert row is not None
    assert hold is not None
    yield from map(reverse, ("home", "purpose", "about", "find", "reviews", "disposals", "due_disposals", "holds"))
    yield from map(reverse, ("place_hold", "matches", "intakes", "quarantine", "schedule"))
    for name in ("person", "person_links", "person_joins", "person_retention", "person_events"):
        yield reverse(name, args=[person])
    yield reverse("find") + "?q=" + "smith"
    yield reverse("find") + "?q=zzyzx+9999"
    yield reverse("reviews") + "?state=referred"
    yield reverse("record", args=[record.pk])
    yield reverse("review", args=[review.reference])
    yield reverse("match", args=[edge.pk])
    yield reverse("quarantined", args=[row.pk])
    yield reverse("hold", args=[hold.reference])
    yield reverse("audit")  # forbidden to a records manager: the page that says so
    yield reverse("person", args=["P0000000-0"])  # not found


class Watch:
    """What a page does that it may not."""

    def __init__(self, page: Page, host: str) -> None:
        """Listen for requests to other hosts and for violations of the content security policy."""
        self.wrong: list[str] = []
        page.on("request", lambda request: self._requested(request, host))
        page.on("console", self._said)

    def _requested(self, request: Request, host: str) -> None:
        if not request.url.startswith((host, "data:", "blob:")):
            self.wrong.append(f"a request to {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.wrong.append(message.text)


def _faults(page: Page, watch: Watch) -> list[str]:
    found, watch.wrong = watch.wrong, []
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("scrolls sideways")
    for violation in Axe().run(page, options=RULES).response["violations"]:
        found += [f"{violation['id']}: {node['html'][:160]}" for node in violation["nodes"][:3]]
    return found


def _walk(page: Page, host: str, addresses: list[str], kept: Path) -> list[str]:
    watch, faults = Watch(page, host), []
    for number, address in enumerate(addresses):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            answer = page.goto(address)
            assert answer is not None
            faults += [f"{address} at {width}: {fault}" for fault in _faults(page, watch)]
        (kept / f"{number:02d}.html").write_text(answer.text())
    return faults


def test_every_page_is_accessible_and_keeps_to_itself(
    cast: dict[str, User], sign_in_on: Callable[..., Page], live_server: object, tmp_path: Path
) -> None:
    make_small_world()
    host = str(live_server)
    page = sign_in_on(cast["rowan"])
    faults = _walk(page, host, list(_pages()), tmp_path)
    page.get_by_role("button", name="Sign out").click()
    faults += _walk(page, host, [reverse("account_login")], tmp_path)
    assert not faults, "\n".join(faults)
    _validate(tmp_path)


def test_auditor_pages(
    cast: dict[str, User], sign_in_on: Callable[..., Page], live_server: object, tmp_path: Path
) -> None:
    """An auditor's pages, and lists that are empty."""
    page = sign_in_on(cast["teasel"])
    addresses = [*map(reverse, ("home", "audit", "disposals", "intakes")), reverse("audit") + "?actor=nobody+at+all"]
    faults = _walk(page, str(live_server), addresses, tmp_path)
    assert not faults, "\n".join(faults)
    _validate(tmp_path)


def _validate(folder: Path) -> None:
    """Have the W3C's checker read what the server sent."""
    java = shutil.which("java")
    if java is None or not VNU.exists():
        pytest.fail("The HTML checker needs Java and node_modules: run `make test`, which installs both.")
    files = sorted(str(path) for path in folder.glob("*.html"))
    said = subprocess.run(  # noqa: PLW1510 - it ends with 1 when it finds anything
        [java, "-Xss1m", "-jar", str(VNU), "--errors-only", "--format", "json", *files], capture_output=True, text=True
    )
    errors = json.loads(said.stderr)["messages"]
    told = [f"{Path(each['url']).name}: {each['message']} {each.get('extract', '')[:120]}" for each in errors]
    assert not told, "\n".join(told)
