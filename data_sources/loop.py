"""One domain's way from raw stream to snapshot: read, parse, build, publish, remember. Led by one process at a time.

Delivery is at least once: entries are acknowledged only together with a checkpoint of the state they went into, after
the database has their points. A crash in between replays them into the older state, which gives the same result.
"""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import redis
import structlog

from core.city import City
from core.clock import zone_day
from core.domain import Domain
from core.errors import Conflict
from core.history import History
from core.observation import Message, Problem
from core.settings import Settings
from core.snapshot import Finding, Snapshot, SourceHealth
from core.store import Lease, Store
from data_sources.contract import Built, Intake, Point
from data_sources.source_health import Ledger, source_health

log = structlog.get_logger("runner")
CHECKPOINT_EVERY_S = 10.0
QUIET_EVERY_S = 5.0  # a snapshot without new input is still rebuilt, so that its states grow old
MAX_UNSAVED = 50_000  # points and problems held while the database is away; then the stream waits instead
SLICE_BYTES, SLICE_MESSAGES = 1 << 20, 5_000  # merged in one go: seconds of work, well inside the life of a lease
READ_BYTES = 32 << 20  # read in one turn


class Kept(msgspec.Struct, kw_only=True):
    """What a checkpoint holds: the domain's state, and what was counted and seen on the way there."""

    state: msgspec.Raw
    ledger: Ledger


class Loop:
    """The pipeline of one domain. `tick` is called by the scheduler; it never overlaps itself."""

    def __init__(
        self, domain: Domain, intake: Intake, city: City, store: Store, history: History, settings: Settings, owner: str
    ) -> None:
        self.domain, self.intake, self.city = domain, intake, city
        self.store, self.history, self.settings, self.owner = store, history, settings, owner
        self.static = intake.static(city.of(domain))
        self.lease: Lease | None = None
        self.state: Any = None
        self.ledger = Ledger()
        self.version = 0
        self.torn = False  # a reading broke off: the stream may have delivered what never arrived
        self.done: list[str] = []  # stream ids merged since the last checkpoint
        self.points: list[Point] = []
        self.problems: list[tuple[str, Problem]] = []
        self.findings: dict[str, Finding] = {}  # changed since the last checkpoint
        self.written: dict[str, bytes] = {}  # finding id -> what the database has
        self.checkpoint_at: datetime | None = None
        self.built_at: datetime | None = None
        self.published_at: datetime | None = None
        self.archived_at: datetime | None = None

    # --- leading -------------------------------------------------------------------------------------------------------
    def lead(self, now: datetime) -> bool:
        """Hold or take the lease. Taking it loads the last checkpoint and inherits what was delivered but not kept."""
        if self.lease is not None:
            if self.store.renew(self.lease):
                return True
            log.warning("lease lost", domain=self.domain.name)
            self.lease = None
        taken = self.store.acquire(self.domain.name, self.owner)
        if taken is None:
            return False
        try:
            inherited = self._resume(now)
        except redis.RedisError:  # half resumed is not leading: an empty state must never become the next checkpoint
            self._give_up(taken)
            raise
        self.lease = taken
        if inherited:
            self._merge_all(inherited, now)
        return self.lease is not None

    def _give_up(self, lease: Lease) -> None:
        """Try to release; where Redis does not answer the lease ends by itself."""
        with contextlib.suppress(redis.RedisError):
            self.store.release(lease)

    def _resume(self, now: datetime) -> list[tuple[str, list[Message]]]:
        """Load the last checkpoint; gives what was delivered after it."""
        self.torn = False
        self.done, self.points, self.problems, self.findings = [], [], [], {}
        self.version = self.store.version(self.domain.name)
        self.state, self.ledger = self.intake.empty(self.static, now), Ledger()
        blob = self.store.state(self.domain.name)
        if blob is not None:
            try:
                kept = msgspec.msgpack.decode(blob, type=Kept)
                self.state = msgspec.msgpack.decode(kept.state, type=self.intake.state_type)
                self.ledger = kept.ledger
            except msgspec.MsgspecError as error:
                log.error("state of another release, starting empty", domain=self.domain.name, error=str(error))
        self.store.join(self.domain.name)
        inherited = list(self.store.inherit(self.domain.name, self.owner))
        log.info("leading", domain=self.domain.name, version=self.version, inherited=len(inherited), resumed=blob is not None)
        return inherited

    def release(self, now: datetime) -> None:
        """A clean end: keep what is merged, give the lease up."""
        if self.lease is not None:
            self.checkpoint(now)
            self.store.release(self.lease)
            self.lease = None

    # --- one turn --------------------------------------------------------------------------------------------------------
    def tick(self, now: datetime) -> bool:
        """One turn; True when a snapshot was published."""
        before = self.published_at
        if not self.lead(now):
            return False
        entries = [] if self._unsaved() > MAX_UNSAVED else self._read()
        quiet = self.built_at is None or (now - self.built_at).total_seconds() >= QUIET_EVERY_S
        if entries or quiet:
            self._merge_all(entries, now)
        due = self.checkpoint_at is None or (now - self.checkpoint_at).total_seconds() >= CHECKPOINT_EVERY_S
        if due:
            self.checkpoint(now)
        return self.published_at is not None and self.published_at != before

    def _read(self) -> list[tuple[str, list[Message]]]:
        """New entries; first those of an earlier reading whose answer was lost on its way here: they count as delivered."""
        entries: list[tuple[str, list[Message]]] = []
        torn, self.torn = self.torn, True
        if torn:
            merged = set(self.done)
            entries += [entry for entry in self.store.inherit(self.domain.name, self.owner) if entry[0] not in merged]
        for _ in range(20):  # at most 4,000 entries a turn, so that a backlog cannot starve the lease
            batch = self.store.receive(self.domain.name, self.owner)
            entries += batch
            if len(batch) < 200 or sum(_size(entry) for entry in entries) > READ_BYTES:
                break
        self.torn = False
        return entries

    def _merge_all(self, entries: Sequence[tuple[str, list[Message]]], now: datetime) -> None:
        """Merge slice by slice. The lease is renewed in between: a backlog longer than a lease must not lose it for ever."""
        for piece in _slices(entries):
            if self.lease is None or not self.store.renew(self.lease):
                self.lease = None
                return
            self._merge(piece, now)

    def _merge(self, entries: Sequence[tuple[str, list[Message]]], now: datetime) -> None:
        observations, parts = self._parse([m for _, messages in entries for m in messages], now)
        built = self._build(observations, parts, now)
        self.done += [identity for identity, _ in entries]
        if built is None:
            return
        self.state, self.built_at = built.state, now
        self._note(built, now)
        snapshot = self._snapshot(built, now)
        assert self.lease is not None
        try:
            blob = self.store.publish(self.lease, snapshot)
        except Conflict as error:
            log.warning("not published", domain=self.domain.name, error=error.message)
            self.lease = None
            return
        self.version, self.published_at = snapshot.version, now
        self._archive(now, blob)

    def _parse(self, messages: Sequence[Message], now: datetime) -> tuple[list[Any], list[tuple[Message, list[Any]]]]:
        observations: list[Any] = []
        parts: list[tuple[Message, list[Any]]] = []
        for message in messages:
            try:
                parsed = self.intake.parse(message, self.static)
            except Exception as error:  # a parser's own fault must not take its batch down: counted, kept, logged
                log.exception("parser failed", domain=self.domain.name, message_id=message.id)
                problem = Problem(source=message.source, reason="parser_failed", detail=repr(error), raw=message.payload)
                self._problem(message.id, problem, now)
                continue
            if parsed.observations:
                self.ledger.heard(message.source, message.received_at, len(parsed.observations), self._day(now))
                observations += parsed.observations
                parts.append((message, parsed.observations))
            for number, problem in enumerate(parsed.problems):
                self._problem(f"{message.id}/{number}", problem, now)
        return observations, parts

    def _build(self, observations: list[Any], parts: Sequence[tuple[Message, list[Any]]], now: datetime) -> Built | None:
        """Build; when that fails, message by message, so that one poisonous message is found and set aside."""
        try:
            return self.intake.build(self.state, observations, self.static, now)
        except Exception:  # same reason as in _parse
            log.exception("build failed", domain=self.domain.name, observations=len(observations))
        built: Built | None = None
        for message, part in parts:
            try:
                following = self.intake.build(self.state, part, self.static, now)
            except Exception as error:  # noqa: BLE001 - same reason as in _parse; counted and quarantined
                problem = Problem(source=message.source, reason="build_failed", detail=repr(error), raw=message.payload)
                self._problem(message.id, problem, now)
                continue
            if built is not None:  # the last one is noted by the caller, once
                self._note(built, now)
            built, self.state = following, following.state
        return built

    def _note(self, built: Built, now: datetime) -> None:
        self.points += built.points
        for problem in built.problems:
            self._problem(f"{self.domain.name}@{now.isoformat()}/{len(self.problems)}", problem, now)
        for finding in built.findings:
            finding.owner = finding.owner or self.city.owners.get(self.domain.name, "")
            if self.written.get(finding.id) != msgspec.msgpack.encode(finding):
                self.findings[finding.id] = finding

    def _problem(self, name: str, problem: Problem, now: datetime) -> None:
        self.ledger.refused(problem.source, problem.reason, self._day(now), kept=problem.kept)
        self.problems.append((name, problem))

    # --- what comes of it ----------------------------------------------------------------------------------------------
    def _snapshot(self, built: Built, now: datetime) -> Snapshot:
        day = self._day(now)
        counts = self.store.counts(self.domain.name, day)
        sources: dict[str, SourceHealth] = {
            spec.id: source_health(spec, built, self.ledger, counts, self.settings, day, now) for spec in self.domain.sources
        }
        times = [health.newest_observed_at for health in sources.values() if health.required]
        known = [at for at in times if at is not None]
        return Snapshot(
            domain=self.domain.name,
            version=self.version + 1,
            built_at=now,
            observed_at=min(known) if known and len(known) == len(times) else None,
            sources=sources,
            readings=built.readings,
            findings=built.findings,
            data=built.data,
            simulated=any(health.simulated for health in sources.values()),
        )

    def _archive(self, now: datetime, blob: bytes) -> None:
        minute = now.replace(second=0, microsecond=0)
        if self.archived_at != minute:
            try:
                self.history.keep(self.domain.name, minute, self.version, blob)
                self.archived_at = minute
            except Exception:  # the database is away: the wall must go on; checkpoint reports it and retries
                log.exception("archive failed", domain=self.domain.name)

    def checkpoint(self, now: datetime) -> None:
        """Database first, then state and acknowledgement in one step. A database that is away postpones both."""
        if self.lease is None:
            return
        self.checkpoint_at = now
        try:
            self.history.write_points(self.points)
            self.history.write_findings(list(self.findings.values()))
            self.history.write_problems(self.problems, now)
        except Exception:  # SQLAlchemy and driver errors: nothing is acknowledged, so nothing is lost
            log.exception("database write failed, will retry", domain=self.domain.name, waiting=self._unsaved())
            return
        self.written.update({key: msgspec.msgpack.encode(f) for key, f in self.findings.items()})
        self.written = dict(list(self.written.items())[-5_000:])
        self.points, self.problems, self.findings = [], [], {}
        kept = Kept(state=msgspec.Raw(msgspec.msgpack.encode(self.state)), ledger=self.ledger)
        try:
            self.store.checkpoint(self.lease, self.domain.name, msgspec.msgpack.encode(kept), self.done)
            self.done = []
        except Conflict as error:
            log.warning("checkpoint refused", domain=self.domain.name, error=error.message)
            self.lease = None

    def _unsaved(self) -> int:
        return len(self.points) + len(self.problems)

    def _day(self, now: datetime) -> str:
        return zone_day(now, self.city.timezone)


def _size(entry: tuple[str, list[Message]]) -> int:
    return sum(len(message.payload) for message in entry[1])


def _slices(entries: Sequence[tuple[str, list[Message]]]) -> list[list[tuple[str, list[Message]]]]:
    """Entries in order, in slices of bounded size; one empty slice when there are none (time passes all the same)."""
    slices: list[list[tuple[str, list[Message]]]] = [[]]
    size = count = 0
    for entry in entries:
        size, count = size + _size(entry), count + len(entry[1])
        if slices[-1] and (size > SLICE_BYTES or count > SLICE_MESSAGES):
            slices.append([])
            size, count = _size(entry), len(entry[1])
        slices[-1].append(entry)
    return slices
