"""Run the demo city: one process, one event loop, until SIGTERM, Ctrl-C or the death of the parent."""

import asyncio
import os
import signal
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping
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
    """All vendors and the truth log side by side; one that fails is started again and does not harm the others."""
    tally, truth = Tally(), TruthLog(options.data_dir, options.seed)
    vendors: dict[str, Callable[[], Awaitable[None]]] = {"counts": lambda: tally.show(60)}
    if options.mjpeg_port and world.city.cameras:
        from demo.cameras.studio import Studio  # loads OpenCV: only where cameras are asked for

        vendors["cameras"] = lambda: Studio(world, options, truth, tally).run()
    if options.jt808_port and world.city.vehicles and world.graph.main:
        vendors["vehicles"] = lambda: Fleet(world, options.host, options.jt808_port, tally).run()
    if options.hj212_port and world.city.stations:
        vendors["stations"] = lambda: Network(world, options.host, options.hj212_port, tally).run()
    if options.ingest_url and world.city.places:
        for feed in feeds(world, options.ingest_url, options.key_dir or options.data_dir, tally):
            vendors[feed.source] = feed.run
    if options.truth:
        vendors["truth"] = lambda: write_truth(world, truth)
    async with asyncio.TaskGroup() as group:
        for name, start in vendors.items():
            group.create_task(_kept_up(name, start))


async def _kept_up(name: str, start: Callable[[], Awaitable[None]]) -> None:
    """Run a vendor until cancelled. A taken port is said in one line; anything else with its trace."""
    wait_s = 5.0
    while True:
        try:
            await start()
        except* OSError as failed:
            log.error("vendor failed", vendor=name, reason=str(_innermost(failed)), again_in_s=wait_s)
        except* Exception:
            log.exception("vendor failed", vendor=name, again_in_s=wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(60.0, wait_s * 2)


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _parent_gone() -> None:
    """Returns when the process that started us is no more."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1.0)
