"""The runner process: an APScheduler job per domain, one for the quarantine, one for retention."""

import os
import signal
import socket
import threading
from importlib import import_module

import redis
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from core.city import City
from core.clock import now
from core.history import History
from core.settings import Settings
from core.store import Lease, Store
from data_sources import registry
from data_sources.loop import Loop

log = structlog.get_logger("runner")


class Janitor:
    """Moves quarantined problems to the database, thins the archive, holds runaway streams. One leader in the city."""

    def __init__(self, store: Store, history: History, owner: str) -> None:
        self.store, self.history, self.owner = store, history, owner
        self.lease: Lease | None = None

    def _lead(self) -> bool:
        if self.lease is None or not self.store.renew(self.lease):
            self.lease = self.store.acquire("janitor", self.owner)
        return self.lease is not None

    def sweep(self) -> None:
        """Store what gateways and cameras refused; trim streams that nobody reads."""
        if not self._lead():
            return
        while entries := self.store.quarantined():
            named = [(f"{identity}/{n}", p) for identity, problems in entries for n, p in enumerate(problems)]
            self.history.write_problems(named, now())
            self.store.forget_quarantined([identity for identity, _ in entries])
        for name in registry.NAMES:
            if dropped := self.store.trim(name):
                log.error("raw stream overflowed, oldest batches dropped", domain=name, dropped=dropped)

    def thin(self) -> None:
        """Retention of archive and quarantine."""
        if self._lead():
            log.info("retention", archive=self.history.thin(now()), quarantine=self.history.trim_problems())

    def release(self) -> None:
        """Give the lease up."""
        if self.lease is not None:
            self.store.release(self.lease)


def loops(settings: Settings, city: City, store: Store, history: History, owner: str) -> list[Loop]:
    """A loop per registered domain."""
    made = []
    for domain in registry.domains():
        intake = import_module(f"data_sources.{domain.name}.intake").INTAKE
        made.append(Loop(domain, intake, city, store, history, settings, owner))
    return made


def run(settings: Settings, city: City) -> None:
    """Run until SIGTERM or SIGINT; then checkpoint, release the leases and return."""
    owner = f"{socket.gethostname()}-{os.getpid()}"
    store, history = Store(settings.redis_url), History(settings.database_url)
    everyone = loops(settings, city, store, history, owner)
    janitor = Janitor(store, history, owner)
    scheduler = BackgroundScheduler(
        timezone=city.timezone,
        executors={"default": ThreadPoolExecutor(len(everyone) + 2)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30},
    )
    for loop in everyone:
        scheduler.add_job(_guarded, "interval", seconds=loop.domain.cadence_s, args=[loop], id=loop.domain.name)
    scheduler.add_job(janitor.sweep, "interval", seconds=2, id="quarantine")
    scheduler.add_job(janitor.thin, "cron", minute=17, id="retention")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scheduler.start()
    log.info("runner started", domains=list(registry.NAMES))
    while not stop.wait(5):
        _beat(store, everyone)
    scheduler.shutdown(wait=True)
    for loop in everyone:
        loop.release(now())
    janitor.release()
    log.info("runner stopped")


def _guarded(loop: Loop) -> None:
    """A turn of one domain; whatever goes wrong is said once per kind and tried again at the next turn."""
    try:
        loop.tick(now())
        if _failing.pop(loop.domain.name, None):
            log.info("domain works again", domain=loop.domain.name)
    except Exception as error:  # Redis away, a bug in a build: the other domains must not notice
        kind = f"{type(error).__name__}: {error}"
        if _failing.get(loop.domain.name) != kind:
            log.exception("turn failed", domain=loop.domain.name)
        _failing[loop.domain.name] = kind


_failing: dict[str, str] = {}


def _beat(store: Store, everyone: list[Loop]) -> None:
    status = {
        loop.domain.name: {"leads": loop.lease is not None, "version": loop.version, "unsaved": len(loop.points)}
        for loop in everyone
    }
    try:
        store.beat("runner", status)
    except (redis.RedisError, OSError) as error:
        log.warning("no heartbeat", error=str(error))
