"""What is shown of a prime person: how they are found, their life, their history, and where each fact comes from."""
