"""Measures the main jobs beside a peer that does the least the job could need, in the same run on the same machine."""
