"""Copies of the two databases: made in one moment, encrypted, checked, and loaded again."""


class BadBackup(Exception):
    """A copy is not whole, was changed, or another key made it; the message says what to do."""


class NoKey(Exception):
    """There is no key to work with; the message says how to make one."""
