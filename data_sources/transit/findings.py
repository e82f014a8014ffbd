"""What differs from what should be: congested roads, an operator's silent terminals, an emergency button."""

from collections.abc import Mapping

from core.clock import from_epoch
from core.snapshot import Finding
from data_sources.transit.model import LinkState
from data_sources.transit.state import Jam, Track
from data_sources.transit.static import Static

SEVERE_S = 600  # a link this long severe is congestion
RECOVERED_S = 300  # a road without a severe link this long has recovered
SILENT_S, HEARD_S = 600, 7200  # heard inside two hours, but not inside ten minutes
SILENT_LEAST, SILENT_SHARE = 3, 0.2
SOS = 1


def severe_since(before: Mapping[int, int], states: Mapping[int, LinkState], now: int) -> dict[int, int]:
    """link -> severe since. A link that became unobserved keeps its time for `RECOVERED_S`: silence is no recovery."""
    since = {link: before.get(link, now) for link, s in states.items() if s.state == "severe"}
    for link, at in before.items():
        state = states.get(link)
        if link not in since and (state is None or state.state == "unknown") and now - at < SEVERE_S + RECOVERED_S:
            since[link] = at
    return since


def jams(
    before: Mapping[str, Jam], severe: Mapping[int, int], states: Mapping[int, LinkState], static: Static, now: int
) -> tuple[dict[str, Jam], list[Finding]]:
    """Congestion by road and district: begins when one link was severe for 10 min, ends 5 min after the last was."""
    found: dict[str, Jam] = {}
    for link, since in severe.items():
        state = states.get(link)
        if state is None or state.speed_kmh is None or state.state != "severe":
            continue
        row = static.network.links[link]
        key = f"{row.name}|{row.district}"
        if now - since < SEVERE_S and key not in before:
            continue
        worst = found.get(key)
        if worst is None or state.speed_kmh < worst.speed_kmh:
            start = before[key].since if key in before else min(since, worst.since if worst else since)
            found[key] = Jam(start, now, link, state.speed_kmh, state.vehicles)
    findings = [_jam(key, jam, static) for key, jam in found.items()]
    for key, jam in before.items():
        if key in found or jam.link >= len(static.network.links):
            continue
        over = now - jam.last >= RECOVERED_S
        if not over:
            found[key] = jam
        findings.append(_jam(key, jam, static, jam.last if over else None))
    return found, findings


def _jam(key: str, jam: Jam, static: Static, ended: int | None = None) -> Finding:
    row = static.network.links[jam.link]
    return Finding(
        id=f"transit:congestion:{key}:{jam.since}",
        domain="transit",
        kind="finding.transit.congestion",
        severity="warning",
        at=from_epoch(jam.since),
        ended_at=None if ended is None else from_epoch(ended),
        entity=row.id,
        place=row.name,
        lon=row.lon,
        lat=row.lat,
        value=round(jam.speed_kmh, 1),
        unit="km/h",
        detail={"district": row.district, "vehicles": jam.vehicles, "minutes": (jam.last - jam.since) // 60,
                "place_en": row.name_en, "limit_kmh": row.limit_kmh},
    )  # fmt: skip


def silent(
    before: Mapping[str, int], tracks: Mapping[str, Track], static: Static, now: int
) -> tuple[dict[str, int], list[Finding]]:
    """Operators of whose terminals heard inside two hours a fifth (and at least 3) have been silent for 10 min."""
    found: dict[str, int] = {}
    findings: list[Finding] = []
    for operator, terminals in static.by_operator.items():
        ages = [now - tracks[t].received for t in terminals if t in tracks]
        heard = sum(age <= HEARD_S for age in ages)
        gone = sum(SILENT_S < age <= HEARD_S for age in ages)
        over = gone < SILENT_LEAST or gone < SILENT_SHARE * heard
        if over and operator not in before:
            continue
        since = before.get(operator, now)
        if not over:
            found[operator] = since
        findings.append(
            Finding(
                id=f"transit:silent:{operator}:{since}", domain="transit", kind="finding.transit.silent",
                severity="warning", at=from_epoch(since), ended_at=from_epoch(now) if over else None, entity=operator,
                place=operator, value=gone, unit="", detail={"heard": heard},
            )
        )  # fmt: skip
    return found, findings


def emergencies(
    before: Mapping[str, int], tracks: Mapping[str, Track], static: Static, now: int
) -> tuple[dict[str, int], list[Finding]]:
    """Terminals whose newest fix holds the emergency bit (alarm bit 0), until a fix without it comes."""
    found = {t: before.get(t, min(k.at, now)) for t, k in tracks.items() if k.alarm & SOS}
    findings: list[Finding] = []
    for terminal, since in {**before, **found}.items():
        track = tracks.get(terminal)
        if terminal not in static.opaque:
            continue
        ended = None if terminal in found else from_epoch(track.at if track else now)
        vehicle = static.vehicles[terminal]
        findings.append(
            Finding(
                id=f"transit:sos:{static.opaque[terminal]}:{since}", domain="transit", kind="finding.transit.sos",
                severity="alarm", at=from_epoch(since), ended_at=ended, entity=static.opaque[terminal],
                place=vehicle.operator, lon=track.lon if track else None, lat=track.lat if track else None,
                detail={"kind": vehicle.kind, "line": vehicle.line},
            )
        )  # fmt: skip
    return found, findings
