"""What it means: the rules of the game."""
