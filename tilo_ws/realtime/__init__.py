"""Who hears it: open sockets and the rounds in which they are written to, and nothing of the game."""
