"""What remains by design of somebody who was destroyed, column by column, and why; and what is about nobody.

The reference prints it, and a test that marks every column and searches every file holds it to be exactly so.
"""

from dataclasses import dataclass
from typing import Final

_STAFF = "about those who work here, and no person of the records"
_ORGANISATION = "about the organisation, its sources and its policy"
_RUNS = "counts of whole runs, which name nobody"

# Tables that hold nothing about whom a record names.
NOT_ABOUT_ANYBODY: Final = {
    "account_emailaddress": _STAFF,
    "account_emailconfirmation": _STAFF,
    "auth_group": _STAFF,
    "auth_group_permissions": _STAFF,
    "auth_permission": _STAFF,
    "core_auditleaf": "salted digests of events, from which nothing can be worked out",
    "core_auditseal": "signed digests over digests",
    "core_batchrun": _RUNS,
    "core_controller": _ORGANISATION,
    "core_covertleaf": "salted digests of events, from which nothing can be worked out",
    "core_covertseal": "digests over digests",
    "core_membership": _ORGANISATION,
    "core_roleassignment": _STAFF,
    "core_ruleadoption": _ORGANISATION,
    "core_scope": _ORGANISATION,
    "core_sitting": _STAFF,
    "core_user": _STAFF,
    "core_user_groups": _STAFF,
    "core_user_user_permissions": _STAFF,
    "core_userscope": _STAFF,
    "django_content_type": "names of tables",
    "mfa_authenticator": _STAFF,
    "objects_propertypoint": "where properties lie, as published",
    "people_linkagemodel": "how often names and towns occur, the rarest left out; it does not say whose they are",
    "people_runfigures": _RUNS,
    "people_sample": _RUNS,
    "people_samplestratum": _RUNS,
    "records_sourcekey": _ORGANISATION,
    "records_sourcesystem": _ORGANISATION,
    "retention_decisionsample": "counts of decisions by outcome and group, and who drew and closed it; it names nobody",
    "retention_deputy": _STAFF,
    "retention_foreseencount": _RUNS,
    "retention_foresightasked": _STAFF,
    "retention_keptbacklog": _RUNS,
    "retention_keptexception": _RUNS,
    "retention_keptforecast": _RUNS,
    "retention_manualfile": "the name and the digest of a file, and which of its lines were refused and why",
    "retention_modechange": _ORGANISATION,
    "retention_procedure": _ORGANISATION,
}

_PROOF = "the proof of what was done and by whom: references, no name of who it is about, no title and no text"
_GIVEN = "the proof of what others were given and told to delete, for as long as they may have it"


@dataclass(frozen=True)
class Remaining:
    """Rows that remain of somebody who was destroyed: why, and which columns are emptied all the same."""

    why: str
    emptied: tuple[str, ...] = ()


# Tables in which rows remain; a reader finds every other column in them as it was.
REMAINS: Final = {
    "core_auditevent": Remaining("who did what, until the time of the audit is over (`muniment audit expire`)"),
    "core_covertevent": Remaining("as the audit, for covert enquiries"),
    "core_content": Remaining(
        "the reasons that reviewers gave, and what whoever asked for deletion was answered, encrypted; nothing else"
    ),
    "core_contentkey": Remaining("the keys of those reasons and answers; nothing else"),
    "core_ledgerentry": Remaining("what a restored copy has to destroy again, encrypted", emptied=("body",)),
    "objects_primeplace": Remaining("a reference that leads nowhere", emptied=("anchor_id", "anchor_key")),
    "objects_primevehicle": Remaining("a reference that leads nowhere", emptied=("anchor_id", "anchor_key")),
    "people_judgingact": Remaining("that many pairs were judged at once, and by whom; the pairs are gone"),
    "people_primeperson": Remaining("a reference that leads nowhere", emptied=("anchor_id", "anchor_key")),
    "people_runhold": Remaining("that a run of linkage waited, who released it and why; it names nobody"),
    "records_intake": Remaining("that a file was taken in: its name, digest and counts"),
    "records_tombstone": Remaining("a keyed digest of the reference, so that it is not taken in again"),
    "retention_agreement": Remaining("that a second person agreed to a decision, and on what ground one was needed"),
    "retention_certificate": Remaining(_PROOF),
    "retention_disposalbatch": Remaining("that many went by the clock, who decided that and on what; it names nobody"),
    "records_comeback": Remaining("that a source sent again what was destroyed here: its reference or a keyed digest"),
    "retention_certificateissue": Remaining(_PROOF),
    "retention_duty": Remaining(_PROOF),
    "retention_disposalitem": Remaining(_PROOF, emptied=("record_id",)),
    "retention_disposalorder": Remaining(_PROOF),
    "retention_hold": Remaining("the order of whoever asked for the hold; it may name references"),
    "retention_holdcontroller": Remaining("whom a hold binds"),
    "retention_holdversion": Remaining("what a hold covered and when; it may name references, of people by key alone"),
    "retention_personrequest": Remaining(
        "that a request came, what it was refused or charged for; what its file holds, until that is over (IG-SAR)"
    ),
    "retention_requestreply": Remaining("who drafted, saw and sent the reply to a request, and when"),
    "retention_restrictedname": Remaining("the keyed digest of a reference, while a restored copy waits for somebody"),
    "retention_restriction": Remaining("that the use of what was kept was restricted, on what ground and until when"),
    "retention_review": Remaining("that it was reviewed, when, by whom and with what outcome, under a reference alone"),
    "retention_reviewescalation": Remaining("that a review had waited too long, and who took it up"),
    "retention_reviewask": Remaining("what a review had asked of others and whether it came, under a reference alone"),
    "retention_reviewanswer": Remaining("what the reviewer answered, under a reference alone"),
    "retention_sourceinstruction": Remaining(_PROOF),
    "retention_subjectevent": Remaining("that a request came and was answered, under a reference alone"),
    "retention_trace": Remaining("keyed digests by which a late hold can ask whether a named fact has gone (ADR 37)"),
    "supply_given": Remaining(_GIVEN),
    "supply_notice": Remaining(_GIVEN),
    "supply_supply": Remaining(_GIVEN),
}
# Whose content stays with them, of `core.content.OWNERS`.
OWNERS_THAT_REMAIN: Final = ("request", "review", "run")
