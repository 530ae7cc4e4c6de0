"""Whether two nominals are one person: the pure part, without a set engine or a database."""
