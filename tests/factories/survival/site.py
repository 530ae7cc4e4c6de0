"""The site of an installation as a browser meets it: sign in, say why, post; and what was answered."""

import http.client
import http.cookiejar
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta

from factories.cast import PASSWORD
from factories.survival.installation import PATIENCE_S, Installation
from muniment.retention.reviews import assessment


class _Stay(urllib.request.HTTPRedirectHandler):
    """Hand redirects back: a post that was taken is answered by one."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


class Site:
    """`muniment serve` on a free port, and one visitor."""

    def __init__(self, installation: Installation) -> None:
        """Choose a port."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.installation, self.said = installation, installation.home / "site.log"
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar), _Stay)

    def start(self) -> None:
        """Start serving, with the worker beside, and wait until the site answers."""
        with self.said.open("w") as output:  # not a pipe: nobody reads it, and a full one would stop the site
            self.process = self.installation.start("serve", "--port", str(self.port), output=output)
        end = time.monotonic() + PATIENCE_S
        while self.get("/accounts/login/")[0] == 0:
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < end, "the site never answered"
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill the site alone: what it started has to end by itself."""
        self.process.kill()
        self.process.wait()

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text; status 0 when nobody answered."""
        return self._answer(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Post a form as its page asks for it; the page is asked for first."""
        status, page = self.get(path)
        if status != 200:
            return status, page
        lent = dict(re.findall(r'type="hidden" name="(csrfmiddlewaretoken|seen)" value="([^"]*)"', page))
        body = urllib.parse.urlencode({**lent, **fields}).encode()
        return self._answer(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body))

    def _answer(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self.opener.open(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""

    def sign_in(self, name: str) -> None:
        """Sign in with a password, and say why."""
        assert self.post("/accounts/login/", login=name, password=PASSWORD)[0] == 302
        assert self.post("/purpose/", purpose="RETENTION_REVIEW")[0] == 302

    def decide(self, review: dict) -> int:
        """Decide a review: dispose where something may go, keep otherwise; return the status."""
        answers = {f"answer_{key}": "no" for key in assessment.criteria()}
        answers |= {f"reason_{key}": "Nothing bears on it." for key in assessment.criteria()}
        until = {"next_review": f"{datetime.now(UTC) + timedelta(days=300):%Y-%m-%d}"}
        return self.post(
            f"/reviews/{review['reference']}/",
            **answers,
            do="decide",
            outcome="dispose" if review["free"] else "retain",
            reason="No longer necessary for any policing purpose.",
            version=str(review["version"]),
            **({} if review["free"] else until),
        )[0]
