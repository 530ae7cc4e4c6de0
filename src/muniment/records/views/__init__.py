"""Pages about records as received, a file for each thing a user does."""
