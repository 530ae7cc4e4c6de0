"""What an order covers, stops, takes with it and leaves behind, and how that is proven."""
