"""The log that joins servers: what is said in it, in an order that is the same for all."""

from uuid import UUID

import msgspec

from tilo_ws.protocol.chat_message import ChatDraft


class SaidChat(msgspec.Struct, frozen=True, array_like=True, tag="chat"):
    """A chat message; the record's number is its own. `origin` is the server that stores it."""

    origin: str
    draft: ChatDraft


class Retraction(msgspec.Struct, frozen=True, array_like=True, tag="retraction"):
    """A chat message was taken back."""

    seq: int
    id: UUID
    at: float


class ToldNotice(msgspec.Struct, frozen=True, array_like=True, tag="notice"):
    """A server tells the others something."""

    origin: str
    topic: str
    content: bytes


class Beginning(msgspec.Struct, frozen=True, array_like=True, tag="beginning"):
    """Redis was started, or numbers were used past it: what was said at last before may not be in the log."""


class Novelty(msgspec.Struct, frozen=True, array_like=True, tag="novelty"):
    """Stands for what a server of a newer version wrote and this one cannot read."""


Entry = SaidChat | Retraction | ToldNotice | Beginning | Novelty

Position = tuple[int, int]
"""A place in the log: the last chat number, and a count of what else was said after that message."""


class Record(msgspec.Struct, frozen=True, array_like=True):
    """An entry in its place, and the place of the one before it, so that a gap is noticed."""

    previous_seq: int
    previous_count: int
    seq: int
    count: int
    entry: Entry

    @property
    def position(self) -> Position:
        """Where it is."""
        return self.seq, self.count

    @property
    def previous(self) -> Position:
        """Where the one before it is."""
        return self.previous_seq, self.previous_count


encode_entry = msgspec.msgpack.Encoder().encode
"""An entry as it lies in the log."""

_decode_record = msgspec.msgpack.Decoder(Record).decode
_decode_fields = msgspec.msgpack.Decoder(tuple[int, int, int, int, msgspec.Raw]).decode

decode_records = msgspec.msgpack.Decoder(list[Record]).decode
"""The records that were published together."""


def decode_record(data: bytes) -> Record:
    """A record of the stream."""
    try:
        return _decode_record(data)
    except msgspec.ValidationError:
        previous_seq, previous_count, seq, count, _ = _decode_fields(data)
        return Record(previous_seq, previous_count, seq, count, Novelty())
