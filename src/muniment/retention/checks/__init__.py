"""How automatic decisions are held against people: samples, and decisions made by hand."""
