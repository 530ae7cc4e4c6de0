"""What hangs on a possible match: how the decisions about two people would change were they one.

Retention says so, as a number by which pairs are worked on before their weight. Thousands say that one goes soon and
the other does not, hundreds by how many groups they differ, and the rest the years: who is let go by mistake cannot be
called back, and the group says how much harm that can do. Two who are shown as one and may be two come first of all,
because each bears what the other did.
"""

WRONGLY_ONE, GOES_SOON, PER_GROUP, MOST_YEARS = 2000, 1000, 100, 59


def words(stake: int) -> str:
    """Return what would change, as sentences, the gravest first."""
    if stake >= WRONGLY_ONE:
        return "They are one person here, and each bears what the other did."
    said = []
    if stake >= GOES_SOON:
        said.append("One of them falls due now, and the other does not.")
    if stake % GOES_SOON >= PER_GROUP:
        said.append("One of them would be in a stricter group.")
    if years := stake % PER_GROUP:
        more = (
            "without an end that is known" if years == MOST_YEARS else f"{years} year{'s' if years > 1 else ''} longer"
        )
        said.append(f"One of them would be kept {more}.")
    return " ".join(said) or "Nothing would change in how long they are kept."
