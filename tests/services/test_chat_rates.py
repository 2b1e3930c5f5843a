"""Chat limits for players, their connections and their networks."""

from tests.fakes import FakeClock, open_connection
from tilo_ws.protocol.tokens import Player
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.chat_rates import NETWORK_FACTOR, ChatRates

PROXY = "10.0.0.1"


def rates_of(rate: float = 2, burst: float = 3) -> tuple[ChatRates, FakeClock]:
    clock = FakeClock()
    return ChatRates(rate, burst, is_proxy=lambda ip: ip == PROXY, clock=clock), clock


def connection_of(number: int, ip: str, email: str | None = None) -> Connection:
    connection, _ = open_connection(f"c{number}")
    connection.ip = ip
    connection.player = None if email is None else Player(email, None, 0)
    return connection


def count(rates: ChatRates, *connections: Connection) -> int:
    """How many messages are taken when each of them sends one after the other."""
    return sum(rates.take(connection) == 0 for connection in connections)


def test_a_connection_may_send_a_burst_and_then_at_its_rate() -> None:
    rates, clock = rates_of()
    connection = connection_of(1, "192.0.2.1")
    assert count(rates, *[connection] * 5) == 3
    assert rates.take(connection) == 0.5
    clock.now += 0.5
    assert count(rates, *[connection] * 5) == 1


def test_a_player_with_a_token_has_one_limit_over_all_connections_and_networks() -> None:
    rates, _ = rates_of()
    connections = [connection_of(number, f"192.0.2.{number}", "zoe@x.y") for number in range(10)]
    assert count(rates, *connections) == 3


def test_coming_back_again_and_again_does_not_fill_a_networks_bucket() -> None:
    rates, _ = rates_of()
    connections = [connection_of(number, "192.0.2.1") for number in range(100)]
    assert count(rates, *connections) == 3 * NETWORK_FACTOR


def test_addresses_of_one_ipv6_network_count_together() -> None:
    rates, _ = rates_of()
    connections = [connection_of(number, f"2001:db8::{number:x}") for number in range(100)]
    assert count(rates, *connections) == 3 * NETWORK_FACTOR


def test_behind_a_trusted_proxy_that_tells_no_address_only_connections_count() -> None:
    rates, _ = rates_of()
    connections = [connection_of(number, PROXY) for number in range(100)]
    assert count(rates, *connections) == 100


def test_a_message_that_the_network_has_no_room_for_costs_the_connection_nothing() -> None:
    rates, clock = rates_of()
    count(rates, *[connection_of(number, "192.0.2.1") for number in range(15)])
    late = connection_of(99, "192.0.2.1")
    assert rates.take(late) > 0
    clock.now += 0.5
    assert count(rates, *[late] * 5) == 3


def test_buckets_are_forgotten_a_minute_after_their_last_use_and_not_before() -> None:
    rates, clock = rates_of(rate=0.01)
    connections = [connection_of(number, "192.0.2.1") for number in range(15)]
    assert count(rates, *connections) == 15
    clock.now += 250
    assert count(rates, connection_of(99, "192.0.2.1")) == 1
    assert count(rates, *[connection_of(1000 + number, f"198.51.100.{number}") for number in range(200)]) == 200
    assert len(rates._buckets) == 15 + 2 + 2 * 200
    clock.now += 301
    rates.take(connections[0])
    assert len(rates._buckets) == 2


def test_a_rate_of_zero_is_no_limit_and_no_memory() -> None:
    rates, _ = rates_of(rate=0)
    assert count(rates, *[connection_of(1, "192.0.2.1")] * 1000) == 1000
    assert len(rates._buckets) == 0


def test_over_all_servers_a_player_by_token_and_a_network_are_limited_and_a_connection_is_not() -> None:
    rates, _ = rates_of(rate=2, burst=3)
    [player] = rates.shared(connection_of(1, "192.0.2.1", "zoe@x.y"))
    [network] = rates.shared(connection_of(2, "192.0.2.1"))
    assert (player.rate, player.burst, network.rate, network.burst) == (2, 4, 2 * NETWORK_FACTOR, 3 * NETWORK_FACTOR + 1)
    assert player.key != network.key
    assert rates.shared(connection_of(3, PROXY)) == []
    unlimited, _ = rates_of(rate=0)
    assert unlimited.shared(connection_of(4, "192.0.2.1")) == []
