"""Alive, ready, measured: /healthz, /readyz, /metrics."""

import asyncio
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, PlainTextResponse, Response

from core import clock
from core.history import History
from web.bundle import Bundles
from web.hub import Hub
from web.live import Ticks
from web.release import release

CHECK_WITHIN_S = 2.0


class CityCollector(Collector):
    """This process's view of the city, computed when it is asked for."""

    def __init__(self, hub: Hub, bundles: Bundles, ticks: Ticks) -> None:
        self.hub, self.bundles, self.ticks = hub, bundles, ticks

    def collect(self) -> Iterable[Metric]:
        """Snapshots, sources, the live link."""
        yield from self._snapshots()
        yield from self._sources()
        yield GaugeMetricFamily("city_live_viewers", "open live links of this process", value=len(self.ticks.viewers))
        yield CounterMetricFamily("city_renders", "panel and layer views run by this process", value=self.bundles.renders)
        seconds = "seconds spent drawing bundles in this process"
        yield CounterMetricFamily("city_render_seconds", seconds, value=self.bundles.seconds)
        yield GaugeMetricFamily("city_redis_connected", "1 while snapshots are followed", value=int(self.hub.connected))

    def _snapshots(self) -> Iterable[Metric]:
        now = clock.now()
        age = GaugeMetricFamily("city_snapshot_age_seconds", "since the snapshot was built", labels=["domain"])
        data = GaugeMetricFamily("city_data_age_seconds", "since the oldest required observation", labels=["domain"])
        version = GaugeMetricFamily("city_snapshot_version", "newest version held", labels=["domain"])
        for name, snapshot in self.hub.snapshots.items():
            age.add_metric([name], (now - snapshot.built_at).total_seconds())
            version.add_metric([name], snapshot.version)
            if snapshot.observed_at is not None:
                data.add_metric([name], (now - snapshot.observed_at).total_seconds())
        yield from (age, data, version)

    def _sources(self) -> Iterable[Metric]:
        now = clock.now()
        age = GaugeMetricFamily("city_source_age_seconds", "since the newest observation", labels=["source"])
        accepted = GaugeMetricFamily("city_source_accepted_today", "observations since local midnight", labels=["source"])
        refused = GaugeMetricFamily("city_source_refused_today", "refused since midnight", labels=["source", "reason"])
        for snapshot in self.hub.snapshots.values():
            for source in snapshot.sources.values():
                accepted.add_metric([source.id], source.accepted)
                for reason, number in source.refused.items():
                    refused.add_metric([source.id, reason], number)
                if source.newest_observed_at is not None:
                    age.add_metric([source.id], (now - source.newest_observed_at).total_seconds())
        yield from (age, accepted, refused)


def router(hub: Hub, history: History, bundles: Bundles, ticks: Ticks) -> APIRouter:
    """The three routes."""
    made = APIRouter(tags=["operations"])
    registry = CollectorRegistry()
    registry.register(CityCollector(hub, bundles, ticks))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)

    @made.get("/healthz", summary="The process answers")
    async def healthz() -> Response:
        return JSONResponse({"status": "ok", "release": release()})

    @made.get("/readyz", summary="Redis, database and every required snapshot are there")
    async def readyz() -> Response:
        checks = await _checks(hub, history)
        ready = all(checks.values())
        return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503)

    @made.get("/metrics", summary="Prometheus")
    async def metrics() -> Response:
        return PlainTextResponse(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    return made


async def _checks(hub: Hub, history: History) -> dict[str, bool]:
    async def holds(work: Any) -> bool:
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                await work
        except Exception:  # noqa: BLE001 - whatever the reason, the answer is: not ready
            return False
        return True

    found = {"redis": await holds(hub.store.redis.ping()), "database": await holds(asyncio.to_thread(history.ping))}
    for name, domain in hub.domains.items():
        if any(source.required for source in domain.sources):
            found[f"snapshot.{name}"] = name in hub.snapshots
    return found
