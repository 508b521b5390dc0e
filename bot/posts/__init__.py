"""What is posted without being asked for: servers' briefings, and what subscribers hear."""
