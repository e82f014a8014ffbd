"""Denied requests for the audit log: counted per account, address and route, written once a minute per kind.

A wall whose session ended asks every two seconds: that is one row a minute, not thirty.
"""

import asyncio
from concurrent.futures import Executor

import structlog
from starlette.datastructures import Headers
from starlette.types import Scope

from core.audit import Audit

LIMIT = 500  # different kinds kept between two writes; beyond it they are counted together
WRITE_EVERY_S = 60.0
log = structlog.get_logger("web.denials")


def address(scope: Scope) -> str:
    """The peer's address (behind a trusted proxy uvicorn has put the real one there)."""
    client = scope.get("client")
    return str(client[0]) if client and client[0] else "local"


class Denials:
    """Holds counts until `write` puts them into the log."""

    def __init__(self, audit: Audit, pool: Executor) -> None:
        self.audit, self.pool = audit, pool
        self.counts: dict[tuple[str, str, str, str, str], int] = {}
        self._first = asyncio.Event()

    def count(self, who: str, role: str, scope: Scope, headers: Headers, result: str) -> None:
        """One denied request."""
        target = f"{scope.get('method', 'WEBSOCKET')} {scope['path']}"[:160]
        key = (who, role, target, result, address(scope))
        if key not in self.counts and len(self.counts) >= LIMIT:
            key = ("-", "", "(many)", result, "")
        self.counts[key] = self.counts.get(key, 0) + 1
        self._first.set()

    def take(self) -> dict[tuple[str, str, str, str, str], int]:
        """What was counted since the last time."""
        taken, self.counts = self.counts, {}
        return taken

    def write(self) -> None:
        """Append what was counted. Blocking."""
        for (who, role, target, result, where), number in self.take().items():
            words = target if number == 1 else f"{target} ×{number}"
            self.audit.record(who, "denied", role=role, target=words, result=result, address=where)

    async def run(self) -> None:
        """Write soon after the first denial, then once a minute, and once more at the end."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._first.wait()
                await asyncio.sleep(1)
                self._first.clear()
                await loop.run_in_executor(self.pool, self._write)
                await asyncio.sleep(WRITE_EVERY_S)
        finally:
            self._write()

    def _write(self) -> None:
        try:
            self.write()
        except Exception as error:  # noqa: BLE001 - the log must not stop the web; it is said and tried again
            log.error("audit log cannot be written", error=str(error))
