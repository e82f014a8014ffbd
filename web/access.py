"""Which permission each route needs: the one table that the guard, the contract test and the docs read.

What is not listed here does not exist for anybody.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from components.contract import Page
from core.auth import SIGNED_IN
from core.domain import Domain

Kind = Literal["page", "data", "asset", "socket"]
READ = ("GET", "HEAD")
PUBLIC = "public"  # anybody
SIGNED = "signed"  # the request carries its own signature, checked by the gateway
MAP_FILES = {  # what the browser may fetch of the city's folder
    "districts.geojson": "map/districts.geojson",
    "water.geojson": "map/water.geojson",
    "places.geojson": "map/places.geojson",
    "roads.geojson": "transit/roads.geojson",
}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is exact, or a prefix when it ends in `*`. All of `needs` must be held."""

    path: str
    needs: tuple[str, ...]
    kind: Kind = "data"
    methods: tuple[str, ...] = READ
    machine: bool = False  # a bearer token may be used here


_FIXED: tuple[Rule, ...] = (
    Rule(path="/healthz", needs=(PUBLIC,)),
    Rule(path="/readyz", needs=(PUBLIC,)),
    Rule(path="/sign-in", needs=(PUBLIC,), kind="page", methods=(*READ, "POST")),
    Rule(path="/manifest.webmanifest", needs=(PUBLIC,), kind="asset"),
    Rule(path="/_favicon.ico", needs=(PUBLIC,), kind="asset"),
    Rule(path="/favicon.ico", needs=(PUBLIC,), kind="asset"),
    Rule(path="/assets/tokens.css", needs=(PUBLIC,), kind="asset"),
    Rule(path="/assets/favicon.ico", needs=(PUBLIC,), kind="asset"),
    Rule(path="/assets/icons/*", needs=(PUBLIC,), kind="asset"),
    Rule(path="/assets/*", needs=(SIGNED_IN,), kind="asset"),
    Rule(path="/sign-out", needs=(PUBLIC,), kind="page", methods=(*READ, "POST")),
    Rule(path="/session", needs=(SIGNED_IN,)),
    Rule(path="/session/preferences", needs=(SIGNED_IN,), methods=("POST",)),
    Rule(path="/session/others", needs=(SIGNED_IN,), methods=("GET", "HEAD", "DELETE")),
    Rule(path="/_dash-layout", needs=(SIGNED_IN,)),
    Rule(path="/_dash-dependencies", needs=(SIGNED_IN,)),
    Rule(path="/_dash-update-component", needs=(SIGNED_IN,), methods=("POST",)),
    Rule(path="/_dash-component-suites/*", needs=(SIGNED_IN,), kind="asset"),
    Rule(path="/_dash-ws-callback", needs=(SIGNED_IN,), kind="socket", methods=("WEBSOCKET",)),
    Rule(path="/_reload-hash", needs=(SIGNED_IN,)),
    Rule(path="/live/ticks", needs=(SIGNED_IN,), kind="socket", methods=("WEBSOCKET",)),
    Rule(path="/cameras/*", needs=("cameras.read",), machine=True),
    Rule(path="/evidence/*", needs=("cameras.read",), machine=True),
    Rule(path="/metrics", needs=("metrics.read",), machine=True),
    Rule(path="/api/v1/openapi.json", needs=("api.read",), machine=True),
    Rule(path="/api/v1/domains", needs=("api.read",), machine=True),
    Rule(path="/api/v1/measures", needs=("api.read",), machine=True),
    Rule(path="/api/v1/history", needs=("api.read",), machine=True),  # and the measure's domain, checked inside
    Rule(path="/api/v1/ingest/*", needs=(SIGNED,), methods=("POST",), machine=True),
)


def rules(pages: Sequence[Page], domains: Sequence[Domain]) -> tuple[Rule, ...]:
    """The whole table: what is fixed, and what follows from pages and domains."""
    made = list(_FIXED)
    for page in pages:
        made.append(Rule(path=page.route, needs=(page.permission,), kind="page"))
        made.append(Rule(path=f"/live/{page.name}/*", needs=(page.permission,)))  # its panels: by domain, see web.bundle
    for domain in domains:
        made.append(
            Rule(path=f"/api/v1/snapshots/{domain.name}", needs=("api.read", domain.may_read()), machine=True)
        )
    made += [Rule(path=f"/map/{name}", needs=(SIGNED_IN,)) for name in MAP_FILES]
    return tuple(made)


class Access:
    """Finds the rule of a request; exact paths first, then the longest prefix."""

    def __init__(self, table: Iterable[Rule]) -> None:
        self.table = tuple(table)
        self._exact = {rule.path: rule for rule in self.table if not rule.path.endswith("*")}
        prefixes = [rule for rule in self.table if rule.path.endswith("*")]
        self._prefixes = sorted(((rule.path[:-1], rule) for rule in prefixes), key=lambda pair: -len(pair[0]))

    def find(self, path: str) -> Rule | None:
        """The rule that covers `path`; None: nobody gets an answer there."""
        rule = self._exact.get(path)
        if rule is not None:
            return rule
        if ".." in path or "//" in path or "\\" in path or "\0" in path:
            return None
        for prefix, found in self._prefixes:
            if path.startswith(prefix) and len(path) > len(prefix):
                return found
        return None


def markdown(table: Iterable[Rule]) -> str:
    """The table for the docs."""
    words = {PUBLIC: "anybody", SIGNED: "HMAC signature", SIGNED_IN: "signed in"}
    rows = [
        f"| `{rule.path}` | {', '.join(rule.methods)} | {' and '.join(words.get(n, f'`{n}`') for n in rule.needs)} |"
        f" {'yes' if rule.machine else ''} |"
        for rule in sorted(table, key=lambda r: r.path)
    ]
    return "\n".join(("| route | methods | needs | bearer token |", "|---|---|---|---|", *rows)) + "\n"
