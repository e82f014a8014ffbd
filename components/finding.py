"""Findings as people read them: how grave (by shape), where, what against what is usual, whose, since when."""

from collections.abc import Iterable, Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from components import format as fmt
from components import icons
from components.contract import Viewing
from core.i18n import table
from core.snapshot import Finding

OF_A_KIND = 3
RANK = {"alarm": 0, "warning": 1, "info": 2}


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Open ones first, gravest first, then the newest."""
    return sorted(findings, key=lambda f: (f.ended_at is not None, RANK[f.severity], -f.at.timestamp(), f.id))


def words(finding: Finding, viewing: Viewing) -> str:
    """The finding's kind in words; the detail's own values fill the placeholders. Falls back to the code, seen."""
    try:
        return viewing.t(finding.kind, **{k: v for k, v in finding.detail.items() if isinstance(k, str)})
    except (KeyError, IndexError):
        return viewing.t(finding.kind)


def compared(finding: Finding, viewing: Viewing) -> str:
    """"4.8, usually 2.1": against the usual, the surroundings or the limit, each called what it is."""
    if finding.value is None:
        return ""
    digits = 0 if float(finding.value).is_integer() or abs(finding.value) >= 100 else 1
    value = fmt.with_unit(finding.value, finding.unit, digits)
    for against in ("usual", "around", "limit"):
        other = getattr(finding, against)
        if other is not None:
            return viewing.t(f"ui.finding.{against}", value=value, **{against: fmt.with_unit(other, finding.unit, digits)})
    return value


def owner(finding: Finding, viewing: Viewing) -> str:
    """The department that is on it: named by the finding, else the one that owns its domain; or that nobody is named."""
    responsible = finding.owner or viewing.city.owners.get(finding.domain, "")
    department = next((d for d in viewing.city.departments if d.id == responsible), None)
    if department is None:
        return viewing.t("ui.finding.no_owner")
    return department.name if viewing.lang == "zh" else department.name_en


def place(finding: Finding, viewing: Viewing) -> str:
    """Where, in the viewing's language: the configured thing's own name, else what the finding says, else its domain."""
    if viewing.lang == "en":
        configured = next((row for rows in viewing.city.tables.values() for row in rows if _key(row) == finding.entity), None)
        english = finding.detail.get("place_en") or getattr(configured, "name_en", "")
        if english:
            return str(english)
    return finding.place or finding.entity or viewing.t(f"domain.{finding.domain}")


def _key(row: object) -> str:
    return str(getattr(row, "id", "") or getattr(row, "mn", ""))


def thumb(finding: Finding, viewing: Viewing) -> Component | None:
    """The first picture of the evidence, already de-identified."""
    if not finding.evidence:
        return None
    return html.Img(src=f"/evidence/{finding.evidence[0]}", alt=viewing.t("ui.finding.picture"), className="thumb",
                    **{"data-evidence": finding.evidence[0]})


def since(finding: Finding) -> Component:
    """Its age; the browser writes and ages it."""
    at = finding.ended_at or finding.at
    return html.Span(className="age", **{"data-age": str(int(at.timestamp() * 1000))})


def card(finding: Finding, viewing: Viewing, *, number: int | None = None, picture: bool = True) -> Component:
    """One finding: where and since when; what against the usual, and whose."""
    text = words(finding, viewing)
    against = compared(finding, viewing)
    what = viewing.t("ui.finding.line", what=text, value=against) if against else text
    ended = html.Span(viewing.t("ui.finding.ended"), className="finding-ended") if finding.ended_at else None
    first = [html.Span(place(finding, viewing), className="finding-place"), ended, since(finding)]
    second = [html.Span(what, className="finding-what"), html.Span(owner(finding, viewing), className="finding-owner")]
    mark = html.Span([icons.shape(finding.severity), html.Span(viewing.t(f"severity.{finding.severity}"), className="sr-only"),
                      html.B(str(number)) if number is not None else None], className="finding-mark")
    parts = [mark, html.Div([html.Div(first, className="finding-first"), html.Div(second, className="finding-second")],
                            className="finding-body", **({} if viewing.portal == "wall" else {"role": "button", "tabIndex": "0"}))]
    if picture and finding.evidence:
        parts.append(thumb(finding, viewing))
    data = {"data-key": finding.id, "data-entity": finding.entity, "data-severity": finding.severity}
    if finding.ended_at:
        data["data-ended"] = "1"
    return html.Li(parts, className="finding", **data)


def listing(findings: Sequence[Finding], viewing: Viewing, *, most: int = 9, numbered: bool = True,
            picture: bool = True, fold: bool = False, hrefs: Mapping[str, str] | None = None) -> Component:
    """A ranked list; says how many more there are rather than cutting silently.

    `fold`: of one kind only the `OF_A_KIND` worst stand alone, the others are one line (which leads to `hrefs[domain]`), so
    that one domain cannot drown the rest. Alarms are never folded. Numbers are those of the whole list, as on the map.
    """
    every = list(enumerate(ranked(findings), start=1))
    shown, folded = _fold(every) if fold else (every, {})
    items, left = [], len(every)
    for i, f in shown[:most]:
        items.append(card(f, viewing, number=i if numbered else None, picture=picture))
        left -= 1
        rest = folded.pop(f.id, 0)
        if rest:
            items.append(_folded(f, rest, viewing, (hrefs or {}).get(f.domain, "")))
            left -= rest
    words_left = viewing.t("ui.finding.more", n=left) if left > 0 else ""
    more = html.P(words_left, className="more", **{"data-left": str(left), "data-text": table()["ui.finding.more"][viewing.lang],
                                                   "data-empty": "" if left else "1"})
    return html.Div([html.Ol(items, className="findings"), more], className="findings-box")


def _fold(every: Sequence[tuple[int, Finding]]) -> tuple[list[tuple[int, Finding]], dict[str, int]]:
    """What stands alone, and how many are folded behind the last one of their kind (by that one's id)."""
    alone: list[tuple[int, Finding]] = []
    seen: dict[tuple[str, str], list[str]] = {}
    folded: dict[str, int] = {}
    for i, f in every:
        of_kind = seen.setdefault((f.domain, f.kind), [])
        if f.severity == "alarm":
            alone.append((i, f))
        elif len(of_kind) < OF_A_KIND:
            alone.append((i, f))
            of_kind.append(f.id)
        else:
            folded[of_kind[-1]] = folded.get(of_kind[-1], 0) + 1
    return alone, folded


def _folded(last: Finding, count: int, viewing: Viewing, href: str) -> Component:
    text = viewing.t("ui.finding.fold", n=count, what=words(last, viewing))
    inner: Component | str = dcc.Link(text, href=href, className="sign-link") if href and viewing.portal != "wall" else text
    return html.Li(html.Span(inner), className="finding-fold", **{"data-fold": str(count)})


def known(key: str) -> bool:
    """Whether a text key exists (for codes that come from outside)."""
    return key in table()
