"""What a steward works with: pairs of a kind, what a judgement changes, prime records in question and their cut."""
