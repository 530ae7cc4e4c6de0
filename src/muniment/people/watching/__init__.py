"""Linkage that watches itself: what its runs make, how they move, how well they do, and what is published of that."""
