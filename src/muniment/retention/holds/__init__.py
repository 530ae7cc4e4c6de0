"""What holds cover, in words and in rows, before they are placed and after something has gone."""
