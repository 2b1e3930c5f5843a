"""How often somebody may try to log in, and how many refusals are told of."""

from tests.fakes import FakeClock
from tilo_ws.services.login_attempts import LoginAttempts, TooManyAttempts


def refusal(attempts: LoginAttempts, ip: str) -> TooManyAttempts:
    """The next one of this address, whose attempts are used up."""
    try:
        while True:
            attempts.take(ip)
    except TooManyAttempts as refused:
        return refused


def test_a_refusal_is_told_once_a_minute_for_each_network() -> None:
    clock = FakeClock()
    attempts = LoginAttempts(clock)
    assert [refusal(attempts, "192.0.2.1").is_told for _ in range(3)] == [True, False, False]
    assert refusal(attempts, "192.0.2.2").is_told
    assert refusal(attempts, "2001:db8::1").is_told
    assert not refusal(attempts, "2001:db8::2").is_told
    clock.now += 60
    assert refusal(attempts, "192.0.2.1").is_told


def test_refusals_of_very_many_networks_are_told_as_a_sample() -> None:
    attempts = LoginAttempts(FakeClock())
    told = [refusal(attempts, f"192.0.2.{number}").is_told for number in range(250)]
    assert told == [True] * 20 + [False] * 230
