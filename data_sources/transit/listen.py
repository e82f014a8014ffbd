"""The JT/T 808 gateway: terminals connect over TCP; what they say is in the stream before they are told so."""

import asyncio
import contextlib
import time
from datetime import datetime
from typing import Any

import structlog

from core import clock
from core.observation import Message, Problem
from data_sources.contract import Append, Listener, Listening
from data_sources.transit.session import Session
from data_sources.transit.wire.jt808_frames import Frame, Reject, Splitter

SOURCE = "jt808"
READ_BYTES = 65_536
IDLE_TIMEOUT_S = 300.0  # five missed heartbeats of a usual terminal
SIGN_IN_S = 60.0  # whoever connects has to say who it is, or a few strangers could hold every place
SEND_TIMEOUT_S = 10.0  # a peer that does not read its answers
MAX_CONNECTIONS = 10_000
MAX_KEPT = 10  # refused pieces of one read whose bytes are kept; 64 KB may hold 30,000 of them
MAX_REJECTS = 50  # refused pieces without one sound frame between them, then the peer is sent away

log = structlog.get_logger(__name__)


class Jt808Listener:
    """One TCP server. `city.extra["jt808"]` may set idle_timeout_s, sign_in_s, max_connections."""

    source = SOURCE
    default_port = 6808

    async def serve(self, host: str, port: int, append: Append, city: Listening) -> None:
        """Accept connections until cancelled. One bad peer never harms another."""
        limits: dict[str, Any] = city.extra.get("jt808", {})
        door = _Door(
            append, city, float(limits.get("idle_timeout_s", IDLE_TIMEOUT_S)), float(limits.get("sign_in_s", SIGN_IN_S))
        )
        most = int(limits.get("max_connections", MAX_CONNECTIONS))
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(tasks) >= most:
                city.count(SOURCE, "too_many_connections")
                writer.close()
                return
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await door.attend(reader, writer)
            except asyncio.CancelledError:
                pass  # we are shutting down; a cancelled connection task would be logged as a fault
            finally:
                tasks.discard(task)

        server = await asyncio.start_server(connected, host, port, limit=READ_BYTES, backlog=1024)
        try:
            async with server:
                await server.serve_forever()
        finally:
            for task in tuple(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Door:
    """What all connections share."""

    def __init__(self, append: Append, city: Listening, idle_timeout_s: float, sign_in_s: float) -> None:
        self.append, self.city, self.idle_timeout_s, self.sign_in_s = append, city, idle_timeout_s, sign_in_s

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end; its own faults end here."""
        name = writer.get_extra_info("peername")
        peer = f"{name[0]}:{name[1]}" if name else ""
        splitter = Splitter()
        try:
            await self._talk(reader, writer, splitter, peer)
        except (ConnectionError, TimeoutError, OSError):
            pass  # the peer is gone; what it left half said is counted below
        except Exception as error:  # noqa: BLE001  stream down, or we are wrong: nothing was acknowledged, it resends
            self.city.count(SOURCE, "connection_failed")
            log.error("connection failed", source=SOURCE, peer=peer, error=repr(error))
        finally:
            self._refuse(splitter.close(), clock.now())
            writer.close()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(writer.wait_closed(), 1.0)

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, splitter: Splitter, peer: str
    ) -> None:
        session = Session(static=self.city.static, secret=self.city.secret)
        rejected, until = 0, time.monotonic() + self.sign_in_s
        while True:
            patience = min(self.idle_timeout_s, self.idle_timeout_s if session.signed else until - time.monotonic())
            try:
                async with asyncio.timeout(patience):
                    chunk = await reader.read(READ_BYTES)
            except TimeoutError:
                late = not session.signed and time.monotonic() >= until
                self.city.count(SOURCE, "sign_in_timeout" if late else "idle_timeout")
                return
            if not chunk:
                return
            received_at = clock.now()
            frames, rejects = splitter.feed(chunk)
            self._refuse(rejects, received_at)
            rejected = 0 if frames else rejected + len(rejects)
            replies, close = await self._frames(session, frames, received_at, peer)
            if replies:
                writer.write(replies)
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await writer.drain()
            if rejected >= MAX_REJECTS:
                self.city.count(SOURCE, "sent_away")
                close = True
            if close:
                return

    async def _frames(
        self, session: Session, frames: list[Frame], received_at: datetime, peer: str
    ) -> tuple[bytes, bool]:
        """Keep what must be kept (one append for all of it), then give the answers to send."""
        kept: list[bytes] = []
        replies: list[bytes] = []
        close = False
        for frame in frames:
            verdict = session.handle(frame)
            if verdict.keep:
                kept.append(frame.wire)
            if verdict.reason and not verdict.quarantine:  # what goes to quarantine is counted there
                self.city.count(SOURCE, verdict.reason)
            if verdict.quarantine:
                self.city.quarantine(
                    Problem(source=SOURCE, reason=verdict.reason, raw=frame.wire, entity=frame.terminal, received_at=received_at)
                )
            replies.append(verdict.reply)
            if verdict.close:
                close = True
                break
        if kept:
            await self.append(Message(source=SOURCE, received_at=received_at, payload=b"".join(kept), peer=peer))
        return b"".join(replies), close

    def _refuse(self, rejects: list[Reject], received_at: datetime) -> None:
        for reject in rejects[MAX_KEPT:]:
            self.city.count(SOURCE, reject.reason)
        for reject in rejects[:MAX_KEPT]:  # counted where they are kept
            self.city.quarantine(
                Problem(source=SOURCE, reason=reject.reason, detail=f"at byte {reject.offset}", raw=reject.raw,
                        received_at=received_at)
            )  # fmt: skip


LISTENERS: tuple[Listener, ...] = (Jt808Listener(),)
