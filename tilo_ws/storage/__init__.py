"""What is kept: PostgreSQL, and nothing of the game."""
