"""A setting as the dashboard shows it."""

from typing import NamedTuple


class ShownSetting(NamedTuple):
    """Holds no secret. `value` and `default` are empty where nothing is set; `origin` is where the value comes from."""

    name: str
    value: str
    default: str
    origin: str
    meaning: str
