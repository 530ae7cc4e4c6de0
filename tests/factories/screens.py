"""What a page has to hold in a browser: axe, the content security policy, its own host, its width, and valid HTML."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request

WIDTHS = (1280, 390)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# Asked when what follows a change of width has been drawn; a page behind another is not drawn at all.
SIDEWAYS = """async () => {
  await Promise.race([
    new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))),
    new Promise(done => setTimeout(done, 200)),
  ]);
  return document.documentElement.scrollWidth > document.documentElement.clientWidth;
}"""
VNU = Path(__file__).parents[2] / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


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


def faults_on(page: Page, watch: Watch) -> list[str]:
    """Return what is wrong with the page as it stands."""
    found, watch.wrong = watch.wrong, []
    if page.evaluate(SIDEWAYS):
        found.append("scrolls sideways")
    for violation in _violations(page):
        found += [f"{violation['id']}: {node['html'][:160]}" for node in violation["nodes"][:3]]
    return found


def _violations(page: Page) -> list[dict]:
    """Return what axe finds; the page takes it in once, and keeps it while it is looked at in other widths."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    return page.evaluate("async rules => (await axe.run(rules)).violations", RULES)


def walk(page: Page, host: str, addresses: list[str], kept: Path) -> list[str]:
    """Open addresses and look at both widths; return every fault, and keep what the server sent for `validate`.

    They are opened at the narrow one, where scripts have most to do; what the server sends knows of no width.
    """
    watch, faults = Watch(page, host), []
    for number, address in enumerate(addresses):
        page.set_viewport_size({"width": WIDTHS[-1], "height": 900})
        answer = page.goto(address)
        assert answer is not None
        for width in reversed(WIDTHS):
            page.set_viewport_size({"width": width, "height": 900})
            faults += [f"{address} at {width}: {fault}" for fault in faults_on(page, watch)]
        (kept / f"{number:02d}.html").write_text(answer.text())
    return faults


def validate(folder: Path) -> None:
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


class Looks:
    """Looks at each page on the way, at both widths; keeps the HTML of it, and a picture where something is wrong."""

    def __init__(self, page: Page, host: str, kept: Path) -> None:
        self.page, self.kept, self.watch, self.faults = page, kept, Watch(page, host), []  # type: ignore[var-annotated]

    def at(self, name: str) -> None:
        """Look at the page as it stands, once it has loaded: a click ends as soon as its answer begins."""
        self.page.wait_for_load_state()
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            if found := faults_on(self.page, self.watch):
                self.faults += [f"{name} at {width}: {fault}" for fault in found]
                self.page.screenshot(path=self.kept / f"{name}-{width}.png", full_page=True)
        (self.kept / f"{name}.html").write_text(self.page.content())
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    def require_no_faults(self) -> None:
        """Fail with every fault that was seen, and with what the HTML checker finds."""
        assert not self.faults, "\n".join(self.faults)
        validate(self.kept)
