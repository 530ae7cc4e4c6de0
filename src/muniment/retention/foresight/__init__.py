"""What falls due in years to come, and what reviews of it cost."""
