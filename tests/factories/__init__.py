"""What tests are made of: people and rows made on demand, by the same actions that the product uses."""
