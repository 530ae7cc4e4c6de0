"""What the policy in force says, read for those who ask: in all, of reviews, of checks, of places elsewhere."""
