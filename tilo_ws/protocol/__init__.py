"""What is said: the wire protocol as pure functions and values, without I/O and without a clock."""
