"""Feeds are checked before they are used, and what is wrong is said with its place."""

from pathlib import Path

import pytest
import yaml
from small_feed import GOOD

from muniment import feeds

DEMONSTRATION = Path(__file__).parents[3] / "examples" / "demonstration" / "feeds"


def test_the_small_feed_is_good(load, small):
    feed = load(small)
    assert (feed.controller, feed.tables[0].name) == ("northshire", "crimes")


@pytest.mark.parametrize("path", sorted(DEMONSTRATION.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_feeds_of_the_demonstration_are_good(path):
    assert feeds.load(path).tables


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tree: tree.pop("controller"), "controller"),
        (lambda tree: tree["tables"]["crimes"].update(format="docx"), "docx"),
        (lambda tree: tree["tables"]["crimes"].update(colour="red"), "colour"),
        (lambda tree: tree["tables"]["crimes"].update(area="PARKS"), "PARKS"),
        (lambda tree: tree["tables"]["crimes"].update(area="HR"), "crimes.partition: .* say partition: corporate"),
        (
            lambda tree: [
                tree["tables"]["crimes"].update(area="FLEET", partition="corporate"),
                tree["tables"]["crimes"]["persons"][0].update(partition={"value": "policing"}),
            ],
            r"persons \(suspect\).partition: .* say partition: corporate",
        ),
        (lambda tree: tree["tables"]["crimes"]["dates"].update(tea_time="REPORTED"), "tea_time"),
        (lambda tree: tree["tables"]["crimes"]["persons"][0].update(role={"value": "HERO"}), "HERO"),
        (lambda tree: tree["declarations"].pop("class"), "record.class is wanting"),
        (lambda tree: tree["declarations"].pop("marking"), "record.marking is wanting"),
        (lambda tree: tree["declarations"]["marking"].update(value="SECRET"), "SECRET"),
        (lambda tree: tree["declarations"]["class"].update(value="NO-SUCH"), "NO-SUCH"),
        (lambda tree: tree["declarations"]["class"].update(signed_by="TO BE SIGNED"), "still to be filled in"),
        (lambda tree: tree["declarations"]["class"].update(signed_on="soon"), "day of the signature"),
        (lambda tree: tree["tables"]["crimes"].update(dialect={"encoding": "klingon"}), "klingon"),
        (lambda tree: tree["tables"]["crimes"]["as_of"].update(name="(["), "pattern"),
        (lambda tree: tree["tables"]["crimes"].update(continues="others"), "others"),
    ],
)
def test_what_is_wrong_with_a_feed_is_said_with_its_place(load, small, change, words):
    change(small)
    with pytest.raises(feeds.BadFeed, match=words):
        load(small)


def test_codes_stay_text(tmp_path, small):
    small["codes"] = {"outcomes": {"07": "NFA", "NO": "CHARGED"}}
    text = yaml.safe_dump(small).replace("'07'", "07").replace("'NO'", "NO")
    (tmp_path / "feed.yaml").write_text(text)
    assert dict(feeds.load(tmp_path / "feed.yaml").tables[0].codes["outcomes"]) == {"07": "NFA", "NO": "CHARGED"}


def test_a_feed_can_extend_another(tmp_path, small):
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(small))
    over = {"extends": "base.yaml", "id": "other", "tables": {"crimes": {"files": "other_*.csv"}}}
    (tmp_path / "over.yaml").write_text(yaml.safe_dump(over))
    feed = feeds.load(tmp_path / "over.yaml")
    assert (feed.id, feed.controller, feed.tables[0].files) == ("other", "northshire", ("other_*.csv",))


def test_a_feed_that_extends_itself_is_refused(tmp_path):
    (tmp_path / "feed.yaml").write_text("extends: feed.yaml\n")
    with pytest.raises(feeds.BadFeed, match="ring"):
        feeds.load(tmp_path / "feed.yaml")


def test_a_feed_is_found_by_name_or_path(tmp_path, small):
    path = tmp_path / "mine.yaml"
    path.write_text("")
    assert feeds.find(str(path)) == feeds.find("mine", (tmp_path,)) == path
    with pytest.raises(feeds.BadFeed, match="feed draft"):
        feeds.find("nobody's", (tmp_path,))


def test_the_day_of_the_export_comes_from_the_name_a_column_or_the_feed(load, small, write):
    path = write(GOOD)
    for rule, expected in (
        ({"name": "([0-9]{4}-[0-9]{2})"}, "2026-11-30"),
        ({"column": "REPORTED"}, "2019-01-31"),
        ({"given": "2026-01-02"}, "2026-01-02"),
    ):
        small["tables"]["crimes"]["as_of"] = rule
        assert str(feeds.day_of(load(small), path)) == expected


def test_a_word_that_is_in_no_long_list_is_answered_with_those_like_it(load, small):
    small["declarations"]["class"]["value"] = "CUS-REC"
    with pytest.raises(feeds.BadFeed, match=r"none of the [0-9]+ that there are; like it are .*CUS-REC-"):
        load(small)
