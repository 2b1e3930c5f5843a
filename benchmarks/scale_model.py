"""What a given crowd costs, from measured figures: processor, memory, Redis, PostgreSQL.

.venv/bin/python -m benchmarks.scale_model                  the tiers of docs/scaling.md
.venv/bin/python -m benchmarks.scale_model 20000 50 4 4     players, chat messages a second, processes, cores
"""

import math
import sys
from dataclasses import dataclass

INTERVAL_S = 0.020
"""Between two write rounds, TILO_FLUSH_INTERVAL_MS. A round is followed by a pause as long as itself."""

FLUSH_S = 0.060
"""Between two statements that store chat, of one process."""

MOST_PLAYERS = 10_000
"""Of one process: as many as have been measured together."""

LONGEST_ROUND_S = 0.1
"""Of a round. Players hear a message one to two rounds late."""

FULL = 0.7
"""Of a core: what is left carries connects, scores, the garbage collector and the neighbours."""


@dataclass(frozen=True)
class Costs:
    """Measured: microseconds of CPU, and bytes."""

    write: float
    """One write to one connection, however many messages it has."""
    delivery: float
    """What each message in it adds."""
    message: float
    """A message at a process that is alone, beside its deliveries: parse, encode, store."""
    joined_message: float
    """A message at each of several processes: the same where it came in, and follow it."""
    redis_message: float
    """A message at Redis: number, keep, remember."""
    redis_server: float
    """A message at Redis for each process that follows."""
    connection_bytes: float
    """Resident memory of an idle connection."""
    process_bytes: float
    """Resident memory of a process without players."""
    message_bytes: float
    """A chat message on a player's line."""


MEASURED = Costs(
    write=7.6,
    delivery=0.05,
    message=120.0,
    joined_message=220.0,
    redis_message=100.0,
    redis_server=10.0,
    connection_bytes=16e3,
    process_bytes=110e6,
    message_bytes=170,
)


@dataclass(frozen=True)
class Load:
    """Players and chat messages a second, of all processes together. `cores` is how many the processes share."""

    players: int
    rate: float
    processes: int
    cores: int


@dataclass(frozen=True)
class Prediction:
    """`players` and `core` (1.0 is a whole one) are of each process, `redis_core` of Redis, which has one thread.

    A round takes `round_s`. Bytes, deliveries and statements are of all processes together.
    """

    players: float
    core: float
    redis_core: float
    round_s: float
    delivery_us: float
    deliveries_a_second: float
    memory_bytes: float
    player_bits_a_second: float
    statements_a_second: float

    @property
    def fits(self) -> bool:
        """Whether no process is at its limit."""
        return self.core <= FULL and self.players <= MOST_PLAYERS and self.round_s <= LONGEST_ROUND_S


def predict(load: Load, costs: Costs = MEASURED) -> Prediction:
    """What the load costs. Raises nothing: what does not fit does not `fits`."""
    listeners = load.players / load.processes
    # All have their rounds at the same time: one that shares its core lasts as long as theirs together.
    together = load.players / min(load.cores, load.processes)
    joined = _messages_in_a_round(together, load.rate, costs)
    deliveries = listeners * load.rate
    message = costs.message if load.processes == 1 else costs.joined_message
    core = (deliveries * (costs.write / joined + costs.delivery) + load.rate * message) / 1e6
    redis_core = 0.0
    if load.processes > 1:
        redis_core = load.rate * (costs.redis_message + costs.redis_server * load.processes) / 1e6
    return Prediction(
        players=listeners,
        core=core,
        redis_core=redis_core,
        round_s=together * (costs.write + joined * costs.delivery) / 1e6,
        delivery_us=(core * load.processes + redis_core) * 1e6 / max(deliveries * load.processes, 1),
        deliveries_a_second=deliveries * load.processes,
        memory_bytes=load.processes * costs.process_bytes + load.players * costs.connection_bytes,
        player_bits_a_second=load.rate * costs.message_bytes * 8,
        statements_a_second=min(load.rate, load.processes / FLUSH_S),
    )


def _messages_in_a_round(listeners: float, rate: float, costs: Costs) -> float:
    """A round that lasts longer comes more seldom and has more messages, which make it longer: where both agree."""
    written, said = 2 * rate * listeners * costs.write / 1e6, 2 * rate * listeners * costs.delivery / 1e6
    in_turn = written / (1 - said) if said < 1 else math.inf
    return max(1.0, rate * INTERVAL_S, in_turn)


def processes_for(players: int, rate: float) -> int:
    """The least number of processes that carries the load. Raises ValueError where Redis is at its limit before."""
    count = 1
    while True:
        prediction = predict(Load(players, rate, count, count))
        if prediction.fits:
            return count
        if prediction.redis_core > FULL:
            raise ValueError(f"{rate:g} messages a second to {count} processes are too much for one Redis")
        count += 1


TIERS = [(1_000, 20), (10_000, 50), (30_000, 50), (100_000, 50), (300_000, 50), (1_000_000, 50), (1_000_000, 200)]


def row(load: Load) -> str:
    """A line of a table in Markdown."""
    predicted = predict(load)
    return (
        f"| {load.players:,} | {load.rate:g} | {load.processes} | {predicted.core:.0%} | {predicted.round_s * 1000:.0f} ms"
        f" | {predicted.redis_core:.1%}"
        f" | {predicted.delivery_us:.2f} | {predicted.deliveries_a_second:,.0f} | {predicted.memory_bytes / 1e9:.1f} GB"
        f" | {predicted.player_bits_a_second / 1e3:,.0f} kbit/s | {predicted.statements_a_second:.0f} |"
    )


def main() -> None:
    """Prints a table in Markdown."""
    print(
        "| players | messages/s | processes | core of each | a round | core of Redis | CPU µs a delivery | deliveries/s"
        " | memory | to each player | statements/s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    if len(sys.argv) == 5:
        players, rate, processes, cores = sys.argv[1:]
        print(row(Load(int(players), float(rate), int(processes), int(cores))))
        return
    for players, rate in TIERS:
        count = processes_for(players, rate)
        print(row(Load(players, rate, count, count)))


if __name__ == "__main__":
    main()
