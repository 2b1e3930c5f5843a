"""What an admin may do: the roles, each of which may do what those before it may."""

from enum import StrEnum


class Role(StrEnum):
    """From the least to the highest."""

    VIEWER = "viewer"
    MODERATOR = "moderator"
    ADMIN = "admin"

    def may(self, least: "Role") -> bool:
        """Whether this role is enough where `least` is asked for."""
        order = list(Role)
        return order.index(self) >= order.index(least)
