"""The master key: changed while everybody reads, missing and put back, lost for good and gone on without."""

import shutil

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import WORKER, place
from factories.exports import row
from muniment.core import content, master, rotation
from muniment.core.models import AuditEvent, Content, ContentKey
from muniment.core.verdicts import Refused
from muniment.records.actions.replace_lost import replace_lost
from muniment.records.models import Record
from muniment.retention.holds import held_words

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}


@pytest.fixture
def own_master(own_life, monkeypatch, tmp_path):
    """A master key of this test's own, which may be changed and lost."""
    kept = tmp_path / "master"
    shutil.copyfile(master.file(), kept)
    monkeypatch.setenv("MUNIMENT_MASTER_FILE", str(kept))
    return kept


def texts():
    return [content.opened(each) for each in Content.objects.order_by("pk")]


def narrative(reference):
    found = Content.objects.filter(content.of_record(Record.objects.get(reference=reference).pk))
    return [content.shown(each) for each in found]


def test_keys_are_wrapped_anew_while_everybody_reads_and_after_a_kill(own_master, monkeypatch):
    before, old = texts(), dict(ContentKey.objects.values_list("owner", "wrapped"))
    assert len(before) > 1 and None not in before
    master.add()
    monkeypatch.setattr(rotation, "TOGETHER", 1)
    write, lots = rotation._write, []

    def killed(changes):
        if lots:
            raise KeyboardInterrupt
        lots.append(changes)
        return write(changes)

    monkeypatch.setattr(rotation, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(by=WORKER)
    assert rotation.survey(master.ring()) == {0: 1, 1: len(old) - 1}
    assert texts() == before, "whichever wrapped a key, it opens"
    content.store("run:1", "release", "Written meanwhile.")
    with pytest.raises(Refused, match="wrapped by an earlier master key"):
        rotation.forget_earlier(by=WORKER)
    monkeypatch.setattr(rotation, "_write", write)
    done = rotation.rotate(by=WORKER)
    assert (done.anew, done.already, done.shut, done.left) == (len(old) - 1, 2, 0, ())
    earlier = own_master.read_text().split()[1]
    assert rotation.forget_earlier(by=WORKER) == 1
    assert texts() == [*before, "Written meanwhile."]
    assert AuditEvent.objects.filter(action__in=["keys.rotate", "keys.forget_earlier"]).count() == 2
    # A copy of the keys from before opens as long as somebody has the earlier master key, and no longer.
    for owner, wrapped in old.items():
        ContentKey.objects.filter(owner=owner).update(wrapped=wrapped)
    assert rotation.survey(master.ring()) == {0: 1, rotation.NONE_OPENS: len(old)}
    with own_master.open("a") as file:
        file.write(f"{earlier}\n")
    assert texts() == [*before, "Written meanwhile."]


def test_while_it_is_missing_nothing_new_is_made_and_pages_say_so_until_it_is_back(own_life, own_master, tmp_path):
    safe = shutil.copyfile(own_master, tmp_path / "safe")
    own_master.unlink()
    with pytest.raises(master.NoMaster, match="Put the copy from the safe in its place"):
        content.store("run:1", "release", "Lost at once.")
    page = sign_in(own_life.cast["rowan"]).get(reverse("record", args=[Record.objects.get(reference="C1").pk]))
    assert page.status_code == 200 and "The master key is missing" in page.content.decode()
    assert not own_master.exists()
    assert rotation.survey(master.read(safe))[rotation.NONE_OPENS] == 0, "the copy that is kept apart opens everything"
    shutil.copyfile(safe, own_master)
    assert narrative("C1") == ["Narrative of C1"]


def test_lost_for_good_texts_say_so_holds_by_words_stand_and_sources_tell_again(own_life, own_master):
    place(own_life, keywords=["Orchard"])
    with pytest.raises(Refused, match="nothing is lost"):
        replace_lost(by=WORKER, because="Said to be lost, and is not.")
    own_master.write_text("7b" * 32)
    assert "another master key made it" in narrative("C1")[0]
    owners = ContentKey.objects.count()
    done = replace_lost(by=WORKER, because="The safe burnt down with the machine.")
    assert done == {"owners": owners, "texts": Content.objects.count(), "rows_to_be_told_again": 2}
    assert narrative("C1")[0].startswith("What was written here was lost with the master key on ")
    record = Record.objects.select_related("system").get(reference="C1")
    assert held_words.holds_naming([record.pk]), "what nobody can read may have had the word"
    own_life.crime.send([row("C1", "P1", **HOME)])
    assert narrative("C1") == ["Narrative of C1"]
    assert not held_words.holds_naming([record.pk])
    assert rotation.survey(master.ring())[rotation.NONE_OPENS] == 0


def test_a_file_that_holds_no_key_says_so(own_master):
    own_master.write_text("not a key\n")
    with pytest.raises(master.NoMaster, match="64 hexadecimal digits"):
        master.ring()
