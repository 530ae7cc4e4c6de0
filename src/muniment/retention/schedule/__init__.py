"""The schedule and the procedure in words, and other schedules to put beside it."""
