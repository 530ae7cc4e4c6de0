"""Single values as police systems write them: parsed, normalised, and told what is wrong with them."""
