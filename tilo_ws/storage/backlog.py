"""How much waits to be stored."""


class Backlog:
    """Rows and waiters of all group commits together, and how many there may be."""

    def __init__(self, limit: int = 100_000) -> None:
        self.limit = limit
        self.rows = 0
        self.waiters = 0

    @property
    def full(self) -> bool:
        """Whether the next write must be refused."""
        return self.rows + self.waiters >= self.limit
