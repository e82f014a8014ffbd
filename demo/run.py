"""Run the demo city: one process, one event loop, until SIGTERM, Ctrl-C or the death of the parent."""

import asyncio
import os
import signal
import time
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

import structlog

from demo import city as city_files
from demo import options as options_of
from demo.options import Options
from demo.send.lots import feeds
from demo.send.stations import Network
from demo.send.tally import Tally
from demo.send.vehicles import Fleet
from demo.truth import TruthLog
from demo.truth_writer import write_truth
from demo.world.city_world import World

log = structlog.get_logger("demo")


def main(given: Options | Mapping[str, Any] | Namespace | None = None) -> int:
    """Entry point for the composition root: options as an object, a mapping or parsed arguments. Returns the exit code."""
    options = options_of.of(given)
    try:
        asyncio.run(_city(options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    return 0


async def _city(options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    began = time.perf_counter()
    world = World(city_files.load(options.config), options.seed)
    log.info("city ready", seed=options.seed, links=len(world.graph.links), vehicles=len(world.city.vehicles),
             stations=len(world.city.stations), places=len(world.city.places), cameras=len(world.city.cameras),
             seconds=round(time.perf_counter() - began, 1))
    work = asyncio.create_task(_everybody(world, options))
    parent = asyncio.create_task(_parent_gone())
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait((work, parent, stopped), return_when=asyncio.FIRST_COMPLETED)
    for task in (work, parent, stopped):
        task.cancel()
    await asyncio.gather(work, parent, stopped, return_exceptions=True)
    log.info("city stopped", reason="parent gone" if parent in done else "failed" if work in done else "asked")
    if work in done and not work.cancelled() and (error := work.exception()) is not None:
        raise error


async def _everybody(world: World, options: Options) -> None:
    """All vendors and the truth log side by side."""
    tally, truth = Tally(), TruthLog(options.data_dir, options.seed)
    async with asyncio.TaskGroup() as group:
        if options.mjpeg_port and world.city.cameras:
            from demo.cameras.studio import Studio  # loads OpenCV: only where cameras are asked for

            group.create_task(Studio(world, options, truth, tally).run())
        if options.jt808_port and world.city.vehicles and world.graph.main:
            group.create_task(Fleet(world, options.host, options.jt808_port, tally, truth).run())
        if options.hj212_port and world.city.stations:
            group.create_task(Network(world, options.host, options.hj212_port, tally).run())
        if options.ingest_url and world.city.places:
            for feed in feeds(world, options.ingest_url, options.key_dir or options.data_dir, tally):
                group.create_task(feed.run())
        if options.truth:
            group.create_task(write_truth(world, truth))
        group.create_task(tally.show(60))


async def _parent_gone() -> None:
    """Returns when the process that started us is no more."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1.0)
