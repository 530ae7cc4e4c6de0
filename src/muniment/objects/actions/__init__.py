"""What is done with prime places and vehicles: each verb checks, writes and records its audit event."""
