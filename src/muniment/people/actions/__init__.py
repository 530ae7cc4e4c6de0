"""What can be done with prime records: one verb a function."""
