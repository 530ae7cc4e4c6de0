"""A small feed that tests change where they need to, and a row of it."""

from muniment import feeds

HEADER = "REF,REPORTED,OUTCOME,PLACE,PURPOSE,SUS_ID,SUS_SURNAME,SUS_DOB"
GOOD = 'C1,31/01/2019,NFA,"12 High Street, Norbridge",4,N1,Ashdown,1990'

SIGNED = {"authority": "Register, entry 1", "signed_by": "Head of crime", "signed_on": "2026-01-31"}


def tree() -> dict:
    """Return a feed as YAML would give it."""
    return {
        "id": "small",
        "controller": "northshire",
        "system": "crime",
        "title": "Crimes of a test",
        "declarations": {
            "class": {"value": "CRIME", **SIGNED},
            "marking": {"value": "OFFICIAL-SENSITIVE", **SIGNED},
        },
        "tables": {
            "crimes": {
                "files": "crimes_*.csv",
                "format": "csv",
                "kind": "full",
                "area": "CRIME",
                "as_of": {"name": "([0-9]{4}-[0-9]{2}-[0-9]{2})"},
                "record": {
                    "reference": "REF",
                    "outcome": {"from": "OUTCOME", "map": {"NFA": "NFA", "CHG": "CHARGED"}},
                    "location": "PLACE",
                    "purposes": {"from": "PURPOSE", "map": {"4": "PP4"}},
                },
                "dates": {"reported_date": {"from": "REPORTED", "required": "true"}},
                "persons": [
                    {
                        "label": "suspect",
                        "reference": "SUS_ID",
                        "role": {"value": "SUSPECT"},
                        "surname": "SUS_SURNAME",
                        "born": {"from": "SUS_DOB", "convert": ["date"], "invalid": "keep"},
                    }
                ],
            }
        },
    }


def reasons(batch: feeds.Batch) -> dict[int, list[str]]:
    """Return the codes of the reasons of each quarantined row."""
    return {line["row"]: [reason["code"] for reason in line["reasons"]] for line in batch.quarantine.to_pylist()}
