"""What can be done with reviews, holds and disposals: one verb a function."""
