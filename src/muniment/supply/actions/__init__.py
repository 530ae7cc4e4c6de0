"""What is done with supplies: asked for, approved, given, corrected, answered."""
