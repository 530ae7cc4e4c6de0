"""Pages about reviews, holds and disposals, a file for each thing a user does."""
