"""Findings as people read them: how grave (by shape), where, what against what is usual, whose, since when."""

from collections.abc import Iterable, Sequence

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components import icons
from components.contract import Viewing
from core.i18n import table
from core.snapshot import Finding

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
    """"4.8, usually 2.1" — only what the data holds."""
    if finding.value is None:
        return ""
    digits = 0 if float(finding.value).is_integer() or abs(finding.value) >= 100 else 1
    value = fmt.with_unit(finding.value, finding.unit, digits)
    if finding.usual is None:
        return value
    return viewing.t("ui.finding.usual", value=value, usual=fmt.with_unit(finding.usual, finding.unit, digits))


def owner(finding: Finding, viewing: Viewing) -> str:
    """The department that is on it, or that nobody is named."""
    department = next((d for d in viewing.city.departments if d.id == finding.owner), None)
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
            picture: bool = True) -> Component:
    """A ranked list; says how many more there are rather than cutting silently."""
    shown = ranked(findings)[:most]
    items = [card(f, viewing, number=i if numbered else None, picture=picture) for i, f in enumerate(shown, start=1)]
    left = len(findings) - len(shown)
    words_left = viewing.t("ui.finding.more", n=left) if left > 0 else ""
    more = html.P(words_left, className="more", **{"data-left": str(left), "data-text": table()["ui.finding.more"][viewing.lang],
                                                   "data-empty": "" if left else "1"})
    return html.Div([html.Ol(items, className="findings"), more], className="findings-box")


def known(key: str) -> bool:
    """Whether a text key exists (for codes that come from outside)."""
    return key in table()
