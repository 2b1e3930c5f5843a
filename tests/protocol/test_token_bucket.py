"""How fast somebody may speak."""

from tilo_ws.protocol.token_bucket import TokenBucket


def test_a_bucket_allows_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take(0.5) == 0
    assert bucket.take(0.5) == 0.5
    assert bucket.left(100.0) == 3


def test_a_rate_of_zero_limits_nothing() -> None:
    bucket = TokenBucket(rate=0, burst=1, now=0.0)
    assert not any(bucket.take(0.0) for _ in range(1000))
