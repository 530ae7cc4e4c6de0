"""What a user does with places and vehicles, a file for each."""
