"""Drafting a feed for an export that nobody has described: how it is written, and what its columns seem to hold."""
