"""The HTTP API for game back ends, one module for each thing that it is about."""
