"""Exit codes, and which error ends in which: the one place that says so."""

import sys

DONE = 0
FAULT = 1
WRONG_USE = 2
BAD_INPUT = 3
WITH_QUARANTINE = 4
REFUSED = 5
CHECK_FAILED = 6

# By name, so that a command that needs no database does not import what does.
_CODES = {
    "muniment.feeds:BadFile": BAD_INPUT,
    "muniment.feeds:BadFeed": BAD_INPUT,
    "muniment.records.actions.organise:BadOrganisation": BAD_INPUT,
    "muniment.records.actions.take_in:UnknownSystem": BAD_INPUT,
    "muniment.records.actions.take_in:TableTaken": BAD_INPUT,
    "muniment.records.actions.take_in:TooManyAbsent": REFUSED,
    "muniment.core.verdicts:Refused": REFUSED,
    "muniment.core.guards:UseRestricted": REFUSED,
    "muniment.people.linking.linkage_models:NoModel": BAD_INPUT,
    "muniment.objects.actions.load_points:BadPoints": BAD_INPUT,
    "muniment.supply.recipients:BadRecipient": BAD_INPUT,
    "muniment.retention.checks.manual_rows:BadFile": BAD_INPUT,
    "muniment.core.backup:BadBackup": CHECK_FAILED,
    "muniment.core.backup:NoKey": WRONG_USE,
    "muniment.core.backup.programs:Missing": WRONG_USE,
    "muniment.core.ledger:BadLedger": CHECK_FAILED,
    "muniment.batch.cluster:NoCluster": WRONG_USE,
    "muniment.core.master:NoMaster": WRONG_USE,
    "muniment.core.postgres:ServerError": FAULT,
}


def code_of(error: Exception) -> int:
    """Return the exit code of an error; FAULT for one that nobody expected."""
    for name, code in _CODES.items():
        module, attribute = name.split(":")
        if module in sys.modules and isinstance(error, getattr(sys.modules[module], attribute, ())):
            return code
    return FAULT
