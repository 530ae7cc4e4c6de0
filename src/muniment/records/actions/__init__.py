"""What can be done with records: one verb a function."""
