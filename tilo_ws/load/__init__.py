"""`python -m tilo_ws load`: plays many players against a server and says what they saw."""
