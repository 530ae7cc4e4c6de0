"""Requests for deletion and erasure: when they are due, what answers them, and what a reply may say."""
