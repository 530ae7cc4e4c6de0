"""What a source itself calls the references in its export, so that work for it can be written in its own terms."""

from muniment.feeds.feed import Field, Table


def own_terms(table: Table) -> dict[str, str]:
    """Return the name of the table, and the columns of the references of its records (`record`) and people (`people`).

    One that is made from other columns is named by them. What the table does not map is left out.
    """
    people = [said for each in table.persons if each.reference and (said := _columns(each.reference))]
    found = {
        "table": table.name,
        "record": _columns(table.record["reference"]) if "reference" in table.record else "",
        "people": ", ".join(dict.fromkeys(people)),
    }
    return {name: said for name, said in found.items() if said}


def _columns(reference: Field) -> str:
    return " + ".join(reference.columns or reference.made_from or ())
