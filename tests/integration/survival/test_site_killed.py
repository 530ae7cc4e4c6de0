"""Killed while decisions are sent to it, the site holds each with its audit event, its words and its order, or none."""

import os
import signal
import threading
import time

import pytest

from factories.survival import KILLS, STAGES
from factories.survival.site import Site


class Reviewer:
    """Decides one review after another until the site is gone."""

    def __init__(self, site, reviews):
        self.site, self.reviews, self.answers = site, reviews, {}
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self):
        for review in self.reviews:
            self.answers[review["reference"]] = status = self.site.decide(review)
            if status == 0 or status >= 500:
                return

    def stop(self):
        self.thread.join()
        return {reference for reference, status in self.answers.items() if status == 302}


def check(course, promised):
    """Check that every decision is there as a whole, and that each that was answered is there; return those there."""
    touched = course.installation.ask(f"{STAGES}:decided_reviews")
    for each in touched:
        assert each["state"] in {"decided", "agreeing"}, each  # as policy asks for a second person or not
        assert each["words"] == "No longer necessary for any policing purpose."
        assert (each["answers"], each["events"]) == (each["asked"], 1)
        assert each["orders"] == each["proposed"] == (each["outcome"] == "dispose")
    there = {each["reference"] for each in touched}
    assert promised <= there
    course.check_between()
    return there


def rest(reviews, there):
    return [review for review in reviews if review["reference"] not in there]


@pytest.fixture(scope="module")
def undisturbed(course):
    """Return what is to be decided, how long that takes, and what it leaves; what this reviewer may not see is left."""
    course.installation.ask("restore", name="scheduled")
    reviews = course.installation.ask(f"{STAGES}:waiting_reviews", controller="northshire")[: 10 + 2 * KILLS]
    site = Site(course.installation)
    site.start()
    site.sign_in("rowan")
    began = time.monotonic()
    done = Reviewer(site, reviews).stop()
    seconds = time.monotonic() - began
    site.kill()
    course.installation.settle()
    assert check(course, done) == done
    assert len(done) >= 4
    return [review for review in reviews if review["reference"] in done], seconds, course.dump()


def test_the_site_killed_while_decisions_are_sent(course, undisturbed):
    reviews, seconds, wanted = undisturbed
    course.installation.ask("restore", name="scheduled")
    site, there = Site(course.installation), set()
    for number in range(KILLS):
        site.start()
        if not number:
            site.sign_in("rowan")  # who is signed in stays so
        reviewer = Reviewer(site, rest(reviews, there))
        time.sleep(course.chance.uniform(0, 1.5 * seconds / KILLS))
        site.kill()
        promised = reviewer.stop()
        course.installation.settle()  # the worker beside the site has ended by itself
        there = check(course, promised | there)
    site.start()
    Reviewer(site, rest(reviews, there)).stop()
    site.kill()
    course.installation.settle()
    assert {name for name, lines in course.dump().items() if lines != wanted[name]} == set()
    check(course, {review["reference"] for review in reviews})


def test_the_database_server_killed_under_the_site(course, undisturbed):
    reviews, seconds, wanted = undisturbed
    course.installation.ask("restore", name="scheduled")
    site, there = Site(course.installation), set()
    site.start()
    site.sign_in("rowan")
    for _ in range(KILLS):
        postmaster = course.installation.ask("postmaster")
        reviewer = Reviewer(site, rest(reviews, there))
        time.sleep(course.chance.uniform(0, 1.5 * seconds / KILLS))
        os.kill(postmaster, signal.SIGKILL)
        promised = reviewer.stop()
        _wait_until_served(site)  # the worker beside the site starts the server again
        there = check(course, promised | there)
    Reviewer(site, rest(reviews, there)).stop()
    site.kill()
    course.installation.settle()
    assert {name for name, lines in course.dump().items() if lines != wanted[name]} == set()
    check(course, {review["reference"] for review in reviews})


def _wait_until_served(site):
    end = time.monotonic() + 60
    while site.get("/")[0] != 200:
        assert time.monotonic() < end, "the site never came back"
        time.sleep(0.2)
