"""The public API: domains, snapshots (now or as known then), history, measures. What pages read, machines may read."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import JSONResponse, Response

from core import auth, clock
from core.domain import Domain
from core.errors import CityError, NotFound
from core.history import History
from core.i18n import t, table
from core.measure import Measure
from core.snapshot import Snapshot
from web.errors import RESPONSES
from web.hub import Hub

MOST_POINTS = 20_000
_encode = msgspec.json.Encoder().encode


class BadTime(CityError):
    """A time without a zone, or a range that makes no sense."""

    code = "invalid_request"


def router(hub: Hub, history: History, server: FastAPI) -> APIRouter:
    """The routes under /api/v1. The guard has checked `api.read` (and the domain's permission for snapshots)."""
    made = APIRouter(prefix="/api/v1", responses=RESPONSES, tags=["city"])
    packed: dict[str, tuple[int, bytes]] = {}

    @made.get("/domains", summary="Domains with their sources, measures and newest version")
    async def domains() -> Response:
        rows = [_domain(domain, hub.snapshots.get(domain.name)) for domain in hub.domains.values()]
        return JSONResponse({"domains": rows})

    @made.get("/snapshots/{domain}", summary="The newest snapshot, or the one known at a moment")
    async def snapshot(
        domain: str, request: Request,
        at: Annotated[datetime | None, Query(description="aware time, RFC 3339; as known then")] = None,
    ) -> Response:
        if domain not in hub.domains:
            raise NotFound(f"there is no domain {domain}", domain=domain)
        if at is None:
            found = hub.snapshots.get(domain)
        else:
            found = await asyncio.to_thread(history.archived, domain, _aware(at), hub.domains[domain].data_type)
        if found is None:
            raise NotFound(f"there is no snapshot of {domain} for this moment", domain=domain)
        tag = f'"{domain}-{found.version}"'
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        held = packed.get(domain)
        if held is None or held[0] != found.version:
            held = (found.version, await asyncio.to_thread(_encode, found))
            if at is None:
                packed[domain] = held
        return Response(held[1], media_type="application/json", headers=headers)

    @made.get("/measures", summary="The registry of measures: unit, bands, standard, formula")
    async def measures() -> Response:
        rows = [_measure(m, d.name) for d in hub.domains.values() for m in d.measures]
        return JSONResponse({"measures": rows})

    @made.get("/history", summary="A series of one measure: mean, minimum and maximum per step")
    async def series(
        measure: str, entity: str = "",
        start: Annotated[datetime | None, Query(alias="from", description="aware; default 24 h ago")] = None,
        end: Annotated[datetime | None, Query(alias="to", description="aware; default now")] = None,
        step: Annotated[int, Query(ge=0, le=86_400 * 31, description="seconds; 0: the points as they are")] = 0,
    ) -> Response:
        domain = next((d for d in hub.domains.values() if any(m.key == measure for m in d.measures)), None)
        if domain is None:
            raise NotFound(f"there is no measure {measure}", measure=measure)
        auth.require(domain.may_read())
        since, until = _range(start, end, step)
        points = await asyncio.to_thread(history.series, measure, entity, since, until, step, MOST_POINTS + 1)
        rows = [[at.isoformat(), mean, low, high] for at, mean, low, high in points[:MOST_POINTS]]
        unit = next(m.unit for m in domain.measures if m.key == measure)
        return JSONResponse({
            "measure": measure, "entity": entity, "unit": unit, "from": since.isoformat(), "to": until.isoformat(),
            "step_s": step, "columns": ["at", "mean", "min", "max"], "points": rows,
            "truncated": len(points) > MOST_POINTS,
        })

    @made.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(server.openapi())

    return made


def _range(start: datetime | None, end: datetime | None, step: int) -> tuple[datetime, datetime]:
    """The asked range, the last 24 h by default. Raises `BadTime` when it is empty, impossible or too fine for its length."""
    until = _aware(end) if end else clock.now()
    try:
        since = _aware(start) if start else until - timedelta(hours=24)
    except OverflowError:
        raise BadTime("there is no such time") from None
    if since >= until:
        raise BadTime("`from` must be before `to`")
    if step and (until - since).total_seconds() / step > MOST_POINTS:
        raise BadTime(f"at most {MOST_POINTS} points: choose a longer step or a shorter range")
    return since, until


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise BadTime("a time needs a zone, for example 2026-11-23T08:00:00+08:00")
    return at


def _domain(domain: Domain, snapshot: Snapshot | None) -> dict[str, Any]:
    title = f"domain.{domain.name}"
    return {
        "name": domain.name, "title": {"zh": t(title, "zh"), "en": t(title, "en")}, "route": domain.route,
        "cadence_s": domain.cadence_s, "permission": domain.may_read(),
        "version": None if snapshot is None else snapshot.version,
        "observed_at": None if snapshot is None or snapshot.observed_at is None else snapshot.observed_at.isoformat(),
        "simulated": bool(snapshot and snapshot.simulated),
        "sources": [msgspec.to_builtins(source) for source in domain.sources],
        "measures": [measure.key for measure in domain.measures],
    }


def _measure(measure: Measure, domain: str) -> dict[str, Any]:
    key = f"measure.{measure.key}"
    return {
        "domain": domain, "title": {"zh": t(key, "zh"), "en": t(key, "en")} if key in table() else None,
        **msgspec.to_builtins(measure),
    }
