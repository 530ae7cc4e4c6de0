"""Nothing but the audit itself knows the tables of the covert audit: no notice, list or count can show them."""

import re

from architecture.tree import texts

KNOW = {
    "src/muniment/core/audit.py": "writes, seals and exports it",
    "src/muniment/core/models.py": "declares it",
    "src/muniment/core/walls.py": "walls it",
    "src/muniment/retention/actions/audit_expiry.py": "lets it expire",
    "src/muniment/retention/disposals/remaining.py": "says that it remains",
    "src/muniment/workbench/views/audit.py": "shows it to its auditors",
}


def test_only_the_audit_knows_the_covert_tables() -> None:
    named = {
        path
        for path, text in texts(".py", ".html")
        if path.startswith("src/")
        and "/migrations/" not in path
        and re.search(r"Covert(?:Event|Leaf|Seal)|core_covert", text)
    }
    assert named == KNOW.keys()
