"""Counts of what the demo's devices did, logged as one line per source and minute instead of one per message."""

import asyncio
from collections import Counter

import structlog

log = structlog.get_logger("demo")


class Tally:
    """Counters by source; `show` logs and keeps running totals."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {}

    def add(self, source: str, what: str, n: int = 1) -> None:
        """Count `what` of `source`."""
        self.counts.setdefault(source, Counter())[what] += n

    async def show(self, every_s: float) -> None:
        """Log the totals until cancelled."""
        wait_s = min(15.0, every_s)
        while True:
            await asyncio.sleep(wait_s)
            wait_s = every_s
            for source, counts in sorted(self.counts.items()):
                log.info(source, **dict(sorted(counts.items())))


class Backoff:
    """Waits that double from 1 s to 30 s with seeded jitter; `reset` after a success."""

    def __init__(self, jitter: float) -> None:
        self.jitter, self.tries = jitter, 0

    def reset(self) -> None:
        """The peer answered: start from the beginning."""
        self.tries = 0

    async def wait(self) -> None:
        """Sleep before the next attempt."""
        delay = min(30.0, 1.0 * 2**min(self.tries, 5)) * (0.7 + 0.6 * self.jitter)
        self.tries += 1
        await asyncio.sleep(delay)
