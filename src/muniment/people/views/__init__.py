"""Pages about prime records, a file for each thing a user does."""
