"""What becomes of the rows of a file: converted, mapped, numbered, or refused with a reason."""
