"""What is known and what is decided: for everybody by a run, for a few at once, and why, in words."""
