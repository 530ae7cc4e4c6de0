"""What people and sources have said of pairs of nominals, and what speaks against it."""
