"""Writes the state of the world into the truth log every five minutes, and its events and faults as they begin."""

import asyncio
import time

from demo.truth import TruthLog, read
from demo.world import calendar, faults, weather
from demo.world.air import SPECIES
from demo.world.city_world import World
from demo.world.traffic import SLOT_S, network_index

Seen = set[str]
PAST_S = 86_400


async def write_truth(world: World, truth: TruthLog) -> None:
    """Until cancelled; slots are aligned to the clock, so a restart continues the same series."""
    seen: Seen = set()
    at = time.time() // SLOT_S * SLOT_S
    await asyncio.sleep(20)  # the devices connect first
    await asyncio.to_thread(past, world, truth, at)
    while True:
        state(world, truth, at)
        events(world, truth, at, seen)
        at += SLOT_S
        await asyncio.sleep(max(0.0, at - time.time()))


def past(world: World, truth: TruthLog, now: float) -> None:
    """The day before `now`, so that back-filled history can be scored; slots the log holds already are left out."""
    known = {row["at"] for row in read(truth.folder.parent) if row["kind"] == "links"}
    at = now - PAST_S
    while at < now:
        if at not in known:
            state(world, truth, at)
            time.sleep(0.02)  # in a thread of its own, and in no hurry
        at += SLOT_S


def state(world: World, truth: TruthLog, at: float) -> None:
    """Links, places, stations and weather at `at`."""
    graph = world.graph
    if graph.links:
        speeds = world.traffic.speeds_kmh(at)
        index = network_index(speeds, graph.free_kmh, graph.weight)
        truth.write("links", at, index=round(index, 3), speeds_kmh={
            link.id: round(float(v), 1) for link, v in zip(graph.links, speeds, strict=True)})
    if world.parking.places:
        present = world.parking.present(at)
        truth.write("parking", at, occupied={p.id: len(present[p.index]) for p in world.parking.places},
                    capacity={p.id: p.capacity for p in world.parking.places})
    if world.city.stations:
        values = world.air.at(at)
        truth.write("air", at, stations={
            row["mn"]: {s: round(float(v), 3) for s, v in zip(SPECIES, values[n], strict=True)}
            for n, row in enumerate(world.city.stations)})
    w = weather.at(world.seed, at)
    truth.write("weather", at, t_c=round(w.t_c, 1), rh_pct=round(w.rh_pct), wind_ms=round(w.wind_ms, 2),
                wind_deg=round(w.wind_deg), mixing_m=round(w.mixing_m), inversion=w.inversion)


def events(world: World, truth: TruthLog, at: float, seen: Seen) -> None:
    """Incidents and faults of the service day, each once."""
    day = calendar.service_day(at)
    for incident in world.traffic.incidents(day) if world.graph.links else ():
        if incident.start <= at + SLOT_S and incident.id not in seen:
            seen.add(incident.id)
            truth.write("incident", incident.start, id=incident.id, what=incident.kind, until=round(incident.end),
                        link=world.graph.links[incident.link].id, capacity_left=round(incident.left, 2))
    plans = faults.transit(world.seed, day, [v["terminal"] for v in world.city.vehicles])
    plans += faults.air(world.seed, day, [s["mn"] for s in world.city.stations if s["kind"] != "national"])
    plans += faults.parking(world.seed, day, [p["id"] for p in world.city.places])
    for fault in plans:
        name = f"{day}|{fault.source}|{fault.entity}|{fault.kind}"
        if name not in seen and fault.start <= at + SLOT_S:
            seen.add(name)
            truth.write("fault", fault.start, id=name, source=fault.source, entity=fault.entity, what=fault.kind,
                        until=round(fault.end), size=fault.size)
