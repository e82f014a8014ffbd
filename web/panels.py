"""Draw one panel (view -> HTML) or layer (-> JSON), with the faces for what is missing or broken, and the frame's facts."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog

from components import panel as faces
from components.contract import Layer, Panel, Viewing
from core.domain import Domain
from core.snapshot import Snapshot, SourceHealth
from web.markup import markup

log = structlog.get_logger("web.panels")
_ORDER = ("live", "forecast", "estimated", "simulated", "late", "stale", "withheld", "missing")


class Drawn(msgspec.Struct, frozen=True):
    """JSON text of one panel (or layer) and the hash that says whether it changed."""

    hash: str
    body: bytes


encode = msgspec.json.Encoder().encode


def draw_panel(panel: Panel, slot: str, snapshots: Mapping[str, Snapshot], viewing: Viewing, *, waiting: bool,
               hidden: Sequence[str] = ()) -> Drawn:
    """One panel's part of a bundle. `waiting`: just started, so a missing snapshot means loading, not unavailable.

    `hidden` are the domains the viewer may not read. A view that raises shows the failed face with an error id; the log
    has the same id with the traceback.
    """
    given = {name: snapshots[name] for name in panel.domains if name in snapshots and name not in hidden}
    missing = [name for name in panel.domains if name not in given]
    face, error_id = "live", ""
    if missing and not (panel.partial and given):
        barred = [name for name in missing if name in hidden]
        if barred:
            face, children = "unavailable", faces.unavailable(viewing, barred, "why.not_permitted")
        elif waiting:
            face, children = "loading", faces.loading()
        else:
            face, children = "unavailable", faces.unavailable(viewing, missing)
        return _drawn(slot, face, markup(children))
    try:
        return _drawn(slot, face, markup(panel.view(given, viewing)))
    except Exception as error:
        error_id = _error_id(panel.id, error)
        log.error("view failed", panel=panel.id, error_id=error_id, exc_info=error)
        return _drawn(slot, "failed", markup(faces.failed(viewing, error_id)), error_id)


def draw_layer(layer: Layer, snapshots: Mapping[str, Snapshot], viewing: Viewing, hidden: Sequence[str] = ()) -> Drawn:
    """One map layer's part of a bundle; `data` is null when it failed or while a snapshot is missing (a partial layer:
    while all are)."""
    given = {name: snapshots[name] for name in layer.domains if name in snapshots and name not in hidden}
    data, error_id = b"null", ""
    if len(given) == len(layer.domains) or (layer.partial and given):
        try:
            data = encode(layer.data(given, viewing))
        except Exception as error:
            error_id = _error_id(layer.id, error)
            log.error("layer failed", layer=layer.id, error_id=error_id, exc_info=error)
    digest = _hash(data)
    tail = b',"error_id":"%s"' % error_id.encode() if error_id else b""
    return Drawn(digest, b'{"hash":"%s","data":%s%s}' % (digest.encode(), data, tail))


def facts(panel: Panel, snapshots: Mapping[str, Snapshot], domains: Mapping[str, Domain],
          hidden: Sequence[str] = ()) -> dict[str, Any]:
    """What the frame shows beside the body: age, state and sources. The age is that of the worst required source."""
    wanted = set(panel.sources)
    found: list[SourceHealth] = []
    simulated, absent, cadence = False, False, 0.0
    for name in panel.domains:
        snapshot = snapshots.get(name) if name not in hidden else None
        cadence = max(cadence, domains[name].cadence_s if name in domains else 0.0)
        if snapshot is None:
            absent = True
            continue
        simulated = simulated or snapshot.simulated
        health = snapshot.sources.values()
        found += [source for source in health if (source.id in wanted if wanted else source.required)]
    if absent and not (panel.partial and found):
        found = []
    if not found:
        return {"observed_at": None, "cadence_s": cadence, "state": "missing" if absent else "live",
                "sources": sorted(wanted), "simulated": simulated}
    worst = min(found, key=_due)
    state = max((source.state for source in found), key=_ORDER.index)
    at = worst.newest_observed_at
    return {
        "observed_at": None if at is None else round(at.timestamp() * 1000),
        "cadence_s": worst.cadence_s,
        "state": state,
        "sources": [source.id for source in found],
        "simulated": simulated or any(source.simulated for source in found),
    }


def _due(source: SourceHealth) -> float:
    """When the source's newest observation turns stale: the one that is due first is the one that ages the panel."""
    if source.newest_observed_at is None:
        return float("-inf")
    return source.newest_observed_at.timestamp() + 4 * source.cadence_s


def _drawn(slot: str, face: str, html: str, error_id: str = "") -> Drawn:
    digest = _hash(f"{face} {html}".encode())
    parts = [b'{"hash":"', digest.encode(), b'","face":"', face.encode(), b'","slot":', encode(slot)]
    if error_id:
        parts += [b',"error_id":"', error_id.encode(), b'"']
    return Drawn(digest, b"".join([*parts, b',"html":', encode(html), b"}"]))


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _error_id(where: str, error: Exception) -> str:
    """The same trouble has the same id, so that a failing panel does not flicker and the log can be searched."""
    return _hash(f"{where}|{type(error).__name__}|{error}".encode())[:8]
