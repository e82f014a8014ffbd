"""A page's panels as bytes: drawn once per version, language, portal and reading right, then shared by every viewer.

A bundle is named by its content (`seq`), so that workers of one release understand each other's names and a browser that
changes worker, or comes back after an hour, gets what changed, or everything, but never nothing.
"""

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from components import ids
from components.contract import Layer, Page, Panel, Portal, Viewing
from core import clock
from core.city import City
from core.i18n import Lang
from web.hub import Hub
from web.panels import Drawn, draw_layer, draw_panel, encode, facts

REMEMBERED = 64  # earlier states of one bundle whose difference to now can be told
WAITING_S = 30.0  # this long after the start a missing snapshot is "loading"
Key = tuple[str, Portal, Lang, tuple[str, ...]]  # page, portal, language, domains the viewer may not read


class State(msgspec.Struct, frozen=True):
    """What was in a bundle: part -> hash."""

    panels: dict[str, str]
    layers: dict[str, str]


class Bundle(msgspec.Struct):
    """The present bundle of one key, and the bytes already made of it by `since`."""

    seq: str
    stamp: tuple[Any, ...]
    head: bytes  # everything but panels and layers
    panels: dict[str, Drawn]
    layers: dict[str, Drawn]
    made: dict[str, tuple[bytes, bytes]]  # since -> (plain, gzip)


class Bundles:
    """Makes and keeps bundles. `renders` counts view calls: it must not depend on the number of viewers."""

    def __init__(self, hub: Hub, city: City, pages: Sequence[Page], shell: Sequence[Panel], pool: Executor,
                 now: Callable[[], datetime] = clock.now) -> None:
        self.hub, self.city, self.pool, self.now = hub, city, pool, now
        self.pages: Mapping[str, Page] = {page.name: page for page in pages}
        self.parts = {page.name: (*page.panels, *shell) for page in pages}
        self.renders = 0
        self.seconds = 0.0
        self._bundles: dict[Key, Bundle] = {}
        self._states: dict[Key, OrderedDict[str, State]] = {}
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._drawn: dict[tuple[Any, ...], tuple[tuple[Any, ...], Drawn]] = {}

    async def get(self, key: Key) -> Bundle:
        """The bundle of the newest versions. Any number of callers share one drawing."""
        for _ in range(3):
            bundle = self._bundles.get(key)
            if bundle is not None and bundle.stamp == self._stamp(key):
                return bundle
            task = self._running.get(key)
            if task is None:
                task = asyncio.create_task(self._make(key))
                self._running[key] = task
                task.add_done_callback(partial(self._finished, key))
            await asyncio.shield(task)
        return self._bundles[key]

    def _finished(self, key: Key, _task: "asyncio.Task[None]") -> None:
        self._running.pop(key, None)

    def body(self, key: Key, bundle: Bundle, since: str) -> tuple[bytes, bytes]:
        """(plain, gzip) of the whole bundle, or of what changed after `since` when that is still known."""
        states = self._states.get(key)
        before = states.get(since) if states is not None else None
        name = since if before is not None else ""
        if name not in bundle.made:
            plain = _assemble(bundle, before)
            bundle.made[name] = (plain, gzip.compress(plain, 5, mtime=0))
        return bundle.made[name]

    def _viewing(self, key: Key) -> Viewing:
        minute = self.now().replace(second=0, microsecond=0)
        return Viewing(lang=key[2], portal=key[1], city=self.city, now=minute)

    def _stamp(self, key: Key) -> tuple[Any, ...]:
        versions = tuple(sorted((name, self._version(name)) for name in self._domains(key[0])))
        return (versions, self.now().replace(second=0, microsecond=0), self._waiting())

    def _version(self, name: str) -> int:
        snapshot = self.hub.snapshots.get(name)
        return -1 if snapshot is None else snapshot.version

    def _domains(self, page: str) -> set[str]:
        parts: tuple[Panel | Layer, ...] = (*self.parts[page], *self.pages[page].layers)
        return {name for part in parts for name in part.domains}

    def _waiting(self) -> bool:
        return time.monotonic() - self.hub.started < WAITING_S

    async def _make(self, key: Key) -> None:
        stamp, snapshots, waiting = self._stamp(key), dict(self.hub.snapshots), self._waiting()
        loop = asyncio.get_running_loop()
        bundle = await loop.run_in_executor(self.pool, self._render, key, stamp, snapshots, waiting)
        states = self._states.setdefault(key, OrderedDict())
        states[bundle.seq] = State(
            {name: drawn.hash for name, drawn in bundle.panels.items()},
            {name: drawn.hash for name, drawn in bundle.layers.items()},
        )
        states.move_to_end(bundle.seq)
        while len(states) > REMEMBERED:
            states.popitem(last=False)
        self._bundles[key] = bundle

    def _render(self, key: Key, stamp: tuple[Any, ...], snapshots: dict[str, Any], waiting: bool) -> Bundle:
        """In the pool: draw what changed, take the rest as it was drawn."""
        page, viewing, hidden = self.pages[key[0]], self._viewing(key), key[3]
        began = clock.now()
        panels = {}
        for panel in self.parts[key[0]]:
            draw = partial(draw_panel, panel, ids.panel_body(panel.id), snapshots, viewing, waiting=waiting, hidden=hidden)
            panels[panel.id] = self._cached(key, panel, snapshots, waiting, viewing, draw)
        layers = {}
        for layer in page.layers:
            draw = partial(draw_layer, layer, snapshots, viewing, hidden)
            layers[layer.id] = self._cached(key, layer, snapshots, waiting, viewing, draw)
        meta = {panel.id: facts(panel, snapshots, self.hub.domains, hidden) for panel in self.parts[key[0]]}
        names = sorted(self._domains(key[0]) - set(hidden))
        versions = {name: snapshots[name].version for name in names if name in snapshots}
        head = b'"versions":%s,"domains":%s,"meta":%s' % (encode(versions), encode(names), encode(meta))
        digest = hashlib.blake2b(head, digest_size=8)
        for name, drawn in (*panels.items(), *layers.items()):
            digest.update(f"{name}:{drawn.hash};".encode())
        seq = digest.hexdigest()
        opening = b'{"page":%s,"seq":"%s","server_time":%d,' % (encode(page.name), seq.encode(), began.timestamp() * 1000)
        self.seconds += (clock.now() - began).total_seconds()
        return Bundle(seq, stamp, opening + head, panels, layers, {})

    def _cached(self, key: Key, part: Panel | Layer, snapshots: dict[str, Any], waiting: bool, viewing: Viewing,
                draw: Callable[[], Drawn]) -> Drawn:
        """A part drawn for these versions in this minute, whichever page shows it."""
        have = tuple(snapshots[name].version if name in snapshots else -1 for name in part.domains)
        stamp = (have, viewing.now, waiting if -1 in have else False)
        where = (type(part), part.id, *key[1:])
        held = self._drawn.get(where)
        if held is not None and held[0] == stamp:
            return held[1]
        drawn = draw()
        self.renders += 1
        self._drawn[where] = (stamp, drawn)
        return drawn


def _assemble(bundle: Bundle, before: State | None) -> bytes:
    """JSON text; a delta holds only parts whose hash differs from `before`."""
    panels, layers = bundle.panels, bundle.layers
    if before is not None:
        panels = {name: d for name, d in panels.items() if before.panels.get(name) != d.hash}
        layers = {name: d for name, d in layers.items() if before.layers.get(name) != d.hash}
    full = b"true" if before is None else b"false"
    return b'%s,"full":%s,"panels":{%s},"layers":{%s}}' % (bundle.head, full, _joined(panels), _joined(layers))


def _joined(parts: Mapping[str, Drawn]) -> bytes:
    return b",".join(b"%s:%s" % (encode(name), drawn.body) for name, drawn in parts.items())
