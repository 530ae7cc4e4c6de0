"""Source exports, in whatever format, read through a feed (YAML) into canonical Arrow tables."""

from muniment.feeds.canonical import Batch
from muniment.feeds.drafting.draft import draft
from muniment.feeds.faults import REASONS, BadFeed, BadFile
from muniment.feeds.feed import Feed, find, load
from muniment.feeds.limits import Limits
from muniment.feeds.reading import check, day_of, read, table_of

__all__ = [
    "REASONS",
    "BadFeed",
    "BadFile",
    "Batch",
    "Feed",
    "Limits",
    "check",
    "day_of",
    "draft",
    "find",
    "load",
    "read",
    "table_of",
]
