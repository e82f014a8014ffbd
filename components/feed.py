"""A feed's health as people read it. The browser ages and flips every row by itself (data-at, data-cadence)."""

import re
from collections.abc import Iterable

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components import kpi
from components.contract import Snapshots, Viewing
from core.i18n import table
from core.snapshot import SourceHealth

GRAVITY = {"missing": 4, "stale": 3, "late": 2, "withheld": 1}


def gather(snapshots: Snapshots) -> list[tuple[str, SourceHealth]]:
    """(domain, feed) of every snapshot, worst first: state, then share of silent devices, then share refused."""
    every = [(name, feed) for name, snapshot in snapshots.items() for feed in snapshot.sources.values()]
    return sorted(every, key=lambda pair: (-GRAVITY.get(pair[1].state, 0), -silent(pair[1]), -refused_share(pair[1]), pair[1].id))


def silent(feed: SourceHealth) -> float:
    """Share of configured devices that do not report, 0..1; 0 when nobody says how many there should be."""
    return 0.0 if not feed.expected else max(0.0, 1 - feed.entities / feed.expected)


def refused(feed: SourceHealth) -> int:
    """Messages refused since midnight; those accepted with a reservation are not among them."""
    return sum(count for code, count in feed.refused.items() if not kept(code))


def refused_share(feed: SourceHealth) -> float:
    """Refused of all that came, 0..1."""
    total = refused(feed) + feed.accepted
    return refused(feed) / total if total else 0.0


def coverage(snapshots: Snapshots) -> float | None:
    """Devices that report of those configured, over all feeds; None when no feed says what to expect."""
    feeds = [feed for _, feed in gather(snapshots) if feed.expected]
    expected = sum(feed.expected or 0 for feed in feeds)
    return min(1.0, sum(feed.entities for feed in feeds) / expected) if expected else None


def state(feed: SourceHealth, viewing: Viewing) -> Component:
    """State mark of a feed; carries what the browser needs to flip it when nothing comes any more."""
    mark = kpi.state_mark(feed.state, viewing)
    at = feed.newest_observed_at
    if at is not None:
        setattr(mark, "data-at", str(int(at.timestamp() * 1000)))
        setattr(mark, "data-cadence", f"{feed.cadence_s:g}")
    return mark


def age(feed: SourceHealth) -> Component | str:
    """Age of the newest observation by the source's own clock."""
    if feed.newest_observed_at is None:
        return fmt.MISSING
    return html.Span(className="age", **{"data-age": str(int(feed.newest_observed_at.timestamp() * 1000))})


def devices(feed: SourceHealth) -> str:
    """"376/400"; the second is left out when nobody says how many there should be."""
    return f"{fmt.number(feed.entities)}/{fmt.number(feed.expected)}" if feed.expected is not None else fmt.number(feed.entities)


def name(feed: SourceHealth, viewing: Viewing) -> str:
    """The feed's title; its id when nobody has named it."""
    return viewing.t(f"source.{feed.id}") if f"source.{feed.id}" in table() else feed.id


def kept(code: str) -> bool:
    """Whether this reason is a reservation about what was accepted, not a refusal: its code starts with "~"."""
    return code.startswith("~")


def short(feed: SourceHealth, viewing: Viewing) -> str:
    """The title without what stands in brackets (its protocol), for a narrow place."""
    return re.split(r"\s*[（(]", name(feed, viewing))[0]


def reason(code: str, viewing: Viewing) -> str:
    """A refusal's reason in words; an unknown code is shown as it is, so that it can be looked up."""
    plain = code.removeprefix("~")
    return viewing.t(f"reason.{plain}") if f"reason.{plain}" in table() else plain


def reasons(feeds: Iterable[SourceHealth]) -> list[tuple[str, str, int]]:
    """(feed id, reason code, count) of all refusals and then of all reservations, most first."""
    every = [(feed.id, code, count) for feed in feeds for code, count in feed.refused.items() if count]
    return sorted(every, key=lambda row: (kept(row[1]), -row[2], row[0], row[1]))
