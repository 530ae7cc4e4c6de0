"""How nominals become prime people: keys, pairs, weights, groups, and what is published of them."""
