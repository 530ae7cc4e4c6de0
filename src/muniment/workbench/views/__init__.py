"""Pages that cut across duties, a file for each thing a user does."""
