"""数据源健康: which feed is late, since when, what does it blind?"""

from dash import html
from dash.development.base_component import Component

from components import feed, icons, layout, panel, table
from components import format as fmt
from components.contract import Page, Panel, Snapshots, Viewing
from core.i18n import table as strings
from core.snapshot import SourceHealth
from data_sources.registry import NAMES

ALL = NAMES


def league(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Every feed, worst first: state, age against cadence, devices, accepted, refused, since when, what it blinds."""
    feeds = feed.gather(snapshots)
    head = ("feed", "state", "since", "age", "cadence", "devices", "accepted", "refused", "blinds")
    sizes = ("minmax(0, 2.3fr)", "5.2em", "6.6em", "6.6em", "5em", "minmax(0, 1.7fr)", "5.6em", "5.6em", "minmax(0, 2.6fr)")
    right = {"since", "age", "cadence", "accepted", "refused"}
    columns = [table.Column(title=viewing.t(f"sources.{name}"), width=size, align="right" if name in right else "left",
                            grow=name in ("feed", "blinds")) for name, size in zip(head, sizes, strict=True)]
    rows = [_row(domain, one, viewing) for domain, one in feeds]
    body = table.ranked(columns, rows, states=[one.state for _, one in feeds], caption=viewing.t("panel.sources.league"),
                        class_name="league")
    return layout.view(body, _absent(snapshots, viewing))


def _row(domain: str, one: SourceHealth, viewing: Viewing) -> list[Component | str]:
    name = html.Span([html.B(feed.name(one, viewing)), html.Small(f"{viewing.t(f'domain.{domain}')} · {one.protocol}")], className="feed-name")
    return [name, feed.state(one, viewing), _since(one, viewing), feed.age(one), fmt.span(one.cadence_s, viewing.lang),
            _devices(one), table.number(one.accepted), _refused(one), _blinds(one, viewing)]


def _since(one: SourceHealth, viewing: Viewing) -> str:
    return fmt.moment(one.since, viewing.now, viewing.city.timezone)


def _devices(one: SourceHealth) -> Component:
    share = table.bar(one.entities, one.expected, "ok") if one.expected else None
    return html.Span([html.Span(feed.devices(one), className="n"), share], className="feed-devices")


def _refused(one: SourceHealth) -> Component:
    count = feed.refused(one)
    return html.Span(fmt.number(count), className="n is-refused" if count else "n")


def _blinds(one: SourceHealth, viewing: Viewing) -> Component:
    """What goes dark without this feed; said plainly when it is dark now."""
    names = viewing.t("ui.list_comma").join(viewing.t(f"measure.{key}") for key in one.blinds if f"measure.{key}" in strings())
    dark = one.state in feed.GRAVITY
    return html.Span([icons.shape("bar") if dark else None, names or fmt.MISSING], className="blind blind-now" if dark else "blind",
                     title=names)


def summary(snapshots: Snapshots, viewing: Viewing) -> Component:
    """How many feeds are well, devices that report, accepted and refused since midnight."""
    feeds = [one for _, one in feed.gather(snapshots)]
    well = sum(one.state not in feed.GRAVITY for one in feeds)
    accepted, refused = sum(one.accepted for one in feeds), sum(feed.refused(one) for one in feeds)
    parts = [
        _tile(viewing.t("sources.well"), f"{well}/{len(feeds)}", "ok" if well == len(feeds) else "bad"),
        _tile(viewing.t("sources.reporting"), fmt.percent(feed.coverage(snapshots)), ""),
        _tile(viewing.t("sources.accepted.today"), fmt.compact(accepted, viewing.lang), ""),
        _tile(viewing.t("sources.refused.today"), fmt.compact(refused, viewing.lang), "late" if refused else ""),
    ]
    return html.Div(parts, className="tiles")


def _tile(name: str, value: str, tone: str) -> Component:
    return html.Div([html.Span(name, className="kpi-label"), html.B(value, className="figure", **{"data-tone": tone})], className="kpi tile")


def refusals(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Why messages were refused since midnight, most first; every one of them is kept in quarantine."""
    named = {one.id: feed.name(one, viewing) for _, one in feed.gather(snapshots)}
    rows = feed.reasons(one for _, one in feed.gather(snapshots))
    if not rows:
        return layout.view(panel.empty(viewing, "sources.none_refused"))
    most = max(count for _, _, count in rows)
    columns = [table.Column(grow=True, width="minmax(0, 1.5fr)"), table.Column(grow=True, width="minmax(0, 1.3fr)"), table.Column(),
               table.Column(align="right", width="4em")]
    cells = [[_reason(code, viewing), html.Span(named[source], className="dim"), table.bar(count, most, "accent-2" if feed.kept(code) else "late"),
              table.number(count)] for source, code, count in rows]
    if viewing.portal == "phone":  # the feed stands below the reason
        columns = [columns[0], *columns[2:]]
        cells = [[html.Span([reason, html.Small(source)], className="feed-name"), *more] for reason, source, *more in cells]
    return layout.view(table.ranked(columns, cells, head=False, caption=viewing.t("panel.sources.refusals")))


def _reason(code: str, viewing: Viewing) -> Component:
    """The reason in words; one that did not keep the message out says so."""
    mark = html.Small(viewing.t("sources.kept"), className="kept", title=viewing.t("sources.kept.why")) if feed.kept(code) else None
    return html.Span([mark, feed.reason(code, viewing)], title=code)


def blind(snapshots: Snapshots, viewing: Viewing) -> Component:
    """Which measures are dark or thin now, and because of which feed."""
    rows = []
    for domain, one in feed.gather(snapshots):
        if one.state in feed.GRAVITY:
            rows += [(f"measure.{key}", domain, one) for key in one.blinds if f"measure.{key}" in strings()]
    if not rows:
        return layout.view(panel.empty(viewing, "sources.none_blind"))
    columns = [table.Column(grow=True), table.Column(grow=True), table.Column(width="5.2em")]
    cells = [[html.Span(viewing.t(key)), html.Span(feed.name(one, viewing), className="dim"), feed.state(one, viewing)] for key, _, one in rows]
    return layout.view(table.ranked(columns, cells, head=False, caption=viewing.t("panel.sources.blind")))


def cards(snapshots: Snapshots, viewing: Viewing) -> Component:
    """The league for a phone: a card per feed, worst first."""
    items = []
    for domain, one in feed.gather(snapshots):
        facts = [(viewing.t("sources.age"), feed.age(one)), (viewing.t("sources.since"), _since(one, viewing)),
                 (viewing.t("sources.devices"), feed.devices(one)), (viewing.t("sources.accepted"), fmt.number(one.accepted)),
                 (viewing.t("sources.refused"), fmt.number(feed.refused(one)))]
        pairs = [html.Div([html.Span(name, className="fact-name"), html.B(value)], className="fact") for name, value in facts]
        items.append(html.Li([html.Div([html.B(feed.name(one, viewing)), feed.state(one, viewing)], className="feed-head"),
                              html.P(f"{viewing.t(f'domain.{domain}')} · {one.protocol}", className="dim"),
                              html.Div(pairs, className="feed-facts")], className="feed-card", **{"data-state": one.state}))
    return layout.view(html.Ol(items), _absent(snapshots, viewing))


def feeds(snapshots: Snapshots, viewing: Viewing) -> Component:
    """League or cards, as the portal needs."""
    return cards(snapshots, viewing) if viewing.portal == "phone" else league(snapshots, viewing)


def _absent(snapshots: Snapshots, viewing: Viewing) -> Component | None:
    missing = [name for name in ALL if name not in snapshots]
    if not missing:
        return None
    names = viewing.t("ui.list_comma").join(viewing.t(f"domain.{name}") for name in missing)
    return html.P(viewing.t("overview.uncovered", domains=names), className="uncovered")


SUMMARY = Panel(id="sources.summary", domains=ALL, view=summary, partial=True)
LEAGUE = Panel(id="sources.league", domains=ALL, view=feeds, partial=True)
REFUSALS = Panel(id="sources.refusals", domains=ALL, view=refusals, partial=True)
BLIND = Panel(id="sources.blind", domains=ALL, view=blind, partial=True)


def page_layout(viewing: Viewing) -> Component:
    """The league over the whole width, the reasons and the blind measures below."""
    top = panel.slot(SUMMARY, viewing, skeleton="figure", class_name="summary", bare=True)
    main = panel.slot(LEAGUE, viewing, skeleton="table", grow=1.5)
    below = html.Div([panel.slot(REFUSALS, viewing, skeleton="table"), panel.slot(BLIND, viewing, skeleton="table")], className="side-by-side")
    return html.Div([top, main, below], className="sheet-page")


PAGE = Page(name="sources", route="/sources", icon="sources", permission="sources.read", layout=page_layout, group="platform", order=90,
            panels=(SUMMARY, LEAGUE, REFUSALS, BLIND))
