"""Hot state in Redis: snapshots with their versions, raw streams, leases with fencing tokens. Bytes in, types out."""

import time
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import redis
import redis.asyncio

from core import keys
from core.errors import Conflict
from core.observation import Message, Problem
from core.snapshot import Snapshot

GROUP = "runner"
ASK_AFTER = 2 << 20
INTAKE_SHARE = 0.75  # of Redis's memory that waiting messages may fill
_messages = msgspec.msgpack.Decoder(list[Message])
_problems = msgspec.msgpack.Decoder(list[Problem])
_pack = msgspec.msgpack.Encoder().encode

# One script, so that a writer that lost its lease (or slept through it) can neither publish nor acknowledge.
_PUBLISH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lease' end
local before = tonumber(redis.call('GET', KEYS[2]) or '0')
if before ~= tonumber(ARGV[2]) - 1 then return 'version' end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5] .. ' ' .. ARGV[2])
return 'ok'
"""
_CHECKPOINT = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lease' end
redis.call('SET', KEYS[2], ARGV[2])
for i = 4, #ARGV do redis.call('XACK', KEYS[3], ARGV[3], ARGV[i]) end
if #ARGV > 3 then for i = 4, #ARGV do redis.call('XDEL', KEYS[3], ARGV[i]) end end
return 'ok'
"""
_RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@cache
def decoder(data_type: type) -> "msgspec.msgpack.Decoder[Snapshot]":
    """A decoder for the envelope with `data` of the domain's own type."""
    typed = msgspec.defstruct(f"{data_type.__name__}Snapshot", [("data", data_type)], bases=(Snapshot,), kw_only=True)
    return msgspec.msgpack.Decoder(typed)


def pack(value: object) -> bytes:
    """msgpack, then deflate at its fastest: snapshots shrink four to six times, which the append-only file feels."""
    return zlib.compress(_pack(value), 1)


def unpack(blob: bytes, data_type: type) -> Snapshot:
    """The inverse of `pack` for a snapshot of `data_type`."""
    return decoder(data_type).decode(zlib.decompress(blob))


class Lease(msgspec.Struct, frozen=True):
    """The right to write for `name`; `value` holds owner and fencing token."""

    name: str
    value: str


class Store:
    """The blocking side, for the runner, the cameras and tests."""

    def __init__(self, url: str) -> None:
        self.redis: Any = redis.Redis.from_url(url, socket_timeout=10, health_check_interval=15)
        self._publish = self.redis.register_script(_PUBLISH)
        self._checkpoint = self.redis.register_script(_CHECKPOINT)

    def close(self) -> None:
        """Give the connections back."""
        self.redis.close()

    # --- snapshots -----------------------------------------------------------------------------------------------
    def snapshot(self, domain: str, data_type: type) -> Snapshot | None:
        """The newest snapshot, or None before the first."""
        blob = self.redis.get(keys.snapshot(domain))
        return None if blob is None else unpack(blob, data_type)

    def version(self, domain: str) -> int:
        """The newest version number; 0 before the first."""
        return int(self.redis.get(keys.version(domain)) or 0)

    def publish(self, lease: Lease, snapshot: Snapshot) -> bytes:
        """Write a snapshot and tell everybody, in one step. Raises `Conflict` when the lease or the version is lost."""
        blob = pack(snapshot)
        answer = self._publish(
            keys=[keys.lease(lease.name), keys.version(snapshot.domain), keys.snapshot(snapshot.domain)],
            args=[lease.value, snapshot.version, blob, keys.VERSIONS_CHANNEL, snapshot.domain],
        )
        if answer != b"ok":
            raise Conflict(f"{snapshot.domain} v{snapshot.version} not published: {answer.decode()} changed hands")
        return blob

    # --- the builder's state ---------------------------------------------------------------------------------------
    def state(self, domain: str) -> bytes | None:
        """The last checkpoint of the builder's state."""
        blob = self.redis.get(keys.state(domain))
        return None if blob is None else zlib.decompress(blob)

    def checkpoint(self, lease: Lease, domain: str, state: bytes, done: Sequence[str]) -> None:
        """Keep the state and forget the stream entries that went into it, in one step."""
        answer = self._checkpoint(
            keys=[keys.lease(lease.name), keys.state(domain), keys.raw_stream(domain)],
            args=[lease.value, zlib.compress(state, 1), GROUP, *done],
        )
        if answer != b"ok":
            raise Conflict(f"{domain}: checkpoint refused, the lease changed hands")

    # --- raw streams -------------------------------------------------------------------------------------------------
    def join(self, domain: str) -> None:
        """Make sure that the consumer group is there (it starts at the beginning: nothing is skipped)."""
        try:
            self.redis.xgroup_create(keys.raw_stream(domain), GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def inherit(self, domain: str, consumer: str) -> Iterator[tuple[str, list[Message]]]:
        """Entries that were delivered to an earlier leader but never acknowledged."""
        start: Any = "0-0"
        while True:
            start, entries, *_ = self.redis.xautoclaim(
                keys.raw_stream(domain), GROUP, consumer, min_idle_time=0, start_id=start, count=200
            )
            yield from (_entry(entry) for entry in entries if entry and entry[0])  # 6.2 names deleted ones as nil
            if start in (b"0-0", "0-0"):
                return

    def receive(self, domain: str, consumer: str, count: int = 200) -> list[tuple[str, list[Message]]]:
        """New entries, at most `count`, without waiting."""
        answer = self.redis.xreadgroup(GROUP, consumer, {keys.raw_stream(domain): ">"}, count=count)
        return [_entry(entry) for _, entries in _streams(answer) for entry in entries]

    def append(self, domain: str, messages: Sequence[Message]) -> None:
        """Blocking append of one batch, for processes that are not asyncio."""
        self.redis.xadd(keys.raw_stream(domain), {"b": _pack(messages)})

    def trim(self, domain: str) -> int:
        """Hold a runaway stream to its bound; what is dropped unread is counted and returned."""
        dropped = int(self.redis.xtrim(keys.raw_stream(domain), maxlen=keys.RAW_MAXLEN, approximate=True))
        if dropped:
            self.redis.incrby(keys.raw_spill(domain), dropped)
        return dropped

    def backlog(self, domain: str) -> int:
        """Entries in the stream: not yet built into a checkpoint."""
        return int(self.redis.xlen(keys.raw_stream(domain)))

    # --- problems and counters -------------------------------------------------------------------------------------------
    def quarantine(self, problems: Sequence[Problem]) -> None:
        """Hand problems to whoever has the database."""
        if problems:
            self.redis.xadd(keys.quarantine_stream(), {"b": _pack(problems)}, maxlen=50_000, approximate=True)

    def quarantined(self, count: int = 100) -> list[tuple[str, list[Problem]]]:
        """Problems waiting to be stored, oldest first; `forget_quarantined` when they are."""
        entries = self.redis.xrange(keys.quarantine_stream(), count=count)
        return [(identity.decode(), _problems.decode(fields[b"b"])) for identity, fields in entries]

    def forget_quarantined(self, ids: Sequence[str]) -> None:
        """Stored: the stream may forget them."""
        if ids:
            self.redis.xdel(keys.quarantine_stream(), *ids)

    def count(self, domain: str, day: str, counts: Mapping[tuple[str, str], int]) -> None:
        """Add to the day's counters: (source, reason) -> n. The hash lives for three days."""
        if not counts:
            return
        pipe = self.redis.pipeline(transaction=False)
        for (source, reason), number in counts.items():
            pipe.hincrby(keys.counters(domain, day), f"{source}|{reason}", number)
        pipe.expire(keys.counters(domain, day), 3 * 86_400)
        pipe.execute()

    def counts(self, domain: str, day: str) -> dict[tuple[str, str], int]:
        """The day's counters as gateways saw them."""
        found: dict[tuple[str, str], int] = {}
        for field, number in self.redis.hgetall(keys.counters(domain, day)).items():
            source, _, reason = field.decode().partition("|")
            found[source, reason] = int(number)
        return found

    def beat(self, process: str, status: Mapping[str, object]) -> None:
        """A process's own sign of life; it vanishes by itself when the process stops saying it."""
        self.redis.set(keys.status(process), msgspec.json.encode(status), ex=keys.STATUS_TTL_S)

    # --- leases -----------------------------------------------------------------------------------------------------------
    def acquire(self, name: str, owner: str) -> Lease | None:
        """Become the one writer of `name`, or None while another one is."""
        if self.redis.exists(keys.lease(name)):
            return None
        value = f"{owner}|{self.redis.incr(keys.fence(name))}"
        taken = self.redis.set(keys.lease(name), value, nx=True, px=keys.LEASE_TTL_MS)
        return Lease(name, value) if taken else None

    def renew(self, lease: Lease) -> bool:
        """Keep the lease; False when it went to somebody else."""
        return bool(self.redis.eval(_RENEW, 1, keys.lease(lease.name), lease.value, keys.LEASE_TTL_MS))

    def release(self, lease: Lease) -> None:
        """Give it up, so that the next one need not wait for its end."""
        self.redis.eval(_RELEASE, 1, keys.lease(lease.name), lease.value)


class AsyncStore:
    """The asyncio side, for the gateway and the web."""

    def __init__(self, url: str) -> None:
        self.redis: Any = redis.asyncio.Redis.from_url(url, health_check_interval=15)
        self._asked, self._sent, self._roomy = 0.0, 0, False  # when memory was looked at, bytes since, whether there was room

    async def close(self) -> None:
        """Give the connections back."""
        await self.redis.aclose()

    async def room(self, size: int) -> None:
        """Raises `redis.OutOfMemoryError` when there should not be `size` bytes more. Asks each second or few megabytes.

        What is left below the server's own limit belongs to the runner: without it nobody could work off the streams.
        """
        self._sent += size
        if time.monotonic() - self._asked < 1.0 and self._sent < ASK_AFTER and self._roomy:
            return
        told = await self.redis.info("memory")
        self._asked, self._sent, limit = time.monotonic(), size, int(told.get("maxmemory", 0))
        self._roomy = not limit or int(told["used_memory"]) < INTAKE_SHARE * limit
        if not self._roomy:
            raise redis.OutOfMemoryError(f"more than {INTAKE_SHARE:.0%} of Redis's memory is used: the runner is behind")

    async def append(self, domain: str, messages: Sequence[Message]) -> None:
        """Append one batch; returns when Redis has it."""
        await self.redis.xadd(keys.raw_stream(domain), {"b": _pack(messages)})

    async def snapshot(self, domain: str, data_type: type) -> Snapshot | None:
        """The newest snapshot, or None before the first."""
        blob = await self.redis.get(keys.snapshot(domain))
        return None if blob is None else unpack(blob, data_type)

    async def versions(self) -> AsyncIterator[tuple[str, int]]:
        """(domain, version) as they are published. Ends with the connection's error; the caller comes back."""
        async with self.redis.pubsub() as pubsub:
            await pubsub.subscribe(keys.VERSIONS_CHANNEL)
            async for event in pubsub.listen():
                if event["type"] == "message":
                    domain, _, version = event["data"].decode().partition(" ")
                    yield domain, int(version)


def _entry(entry: tuple[bytes, dict[bytes, bytes]]) -> tuple[str, list[Message]]:
    identity, fields = entry[0].decode(), entry[1]
    messages = _messages.decode(fields[b"b"]) if fields else []
    return identity, [msgspec.structs.replace(m, id=f"{identity}:{n}") for n, m in enumerate(messages)]


def _streams(answer: Any) -> list[tuple[bytes, list[Any]]]:
    """XREADGROUP answers a list of pairs (RESP2) or a mapping (RESP3)."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [(name, entries[0] if entries and isinstance(entries[0], list) else entries) for name, entries in answer.items()]
    return [(name, entries) for name, entries in answer]
