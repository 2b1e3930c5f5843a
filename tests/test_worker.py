"""What one of several workers takes of the settings."""

import argparse

from tilo_ws.settings import Settings
from tilo_ws.worker import share_of

OPTIONS = argparse.Namespace(count=3, database="host=/tmp/x", redis="unix:///tmp/y")


def test_what_is_limited_for_the_machine_is_shared_out_and_none_of_it_gets_lost() -> None:
    share = share_of(Settings(pool_min=1, pool_max=20, max_connections=1000, connect_rate=30), OPTIONS)
    assert (share.pool_min, share.pool_max, share.max_connections, share.connect_rate) == (1, 7, 334, 10)


def test_no_limit_stays_none() -> None:
    share = share_of(Settings(max_connections=0, connect_rate=0), OPTIONS)
    assert (share.max_connections, share.connect_rate) == (0, 0)


def test_the_embedded_databases_are_used_where_the_settings_name_none_and_the_demo_is_shown_still() -> None:
    share = share_of(Settings(), OPTIONS)
    assert (share.database_url, share.redis_url, share.shows_demo) == ("host=/tmp/x", "unix:///tmp/y", True)


def test_databases_of_ones_own_are_used() -> None:
    share = share_of(Settings(database_url="postgresql://db/game", redis_url="redis://cache"), OPTIONS)
    assert (share.database_url, share.redis_url, share.shows_demo) == ("postgresql://db/game", "redis://cache", False)
