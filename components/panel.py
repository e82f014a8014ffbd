"""The frame around every figure: title, age, state mark, source, menu; and the five faces of its body.

The frame is placed once by the page's layout; the live link sets only the body. The browser (assets/ui.js) writes the
age and turns live into late and stale by itself, so that a frame ages even when nothing arrives any more.
"""

from collections.abc import Sequence
from typing import Literal

from dash import dcc, html
from dash.development.base_component import Component

from components import icons, ids
from components.contract import Panel, Viewing
from core.i18n import table
from core.measure import Measure

Skeleton = Literal["figure", "list", "chart", "map", "table"]
_BARS: dict[Skeleton, int] = {"figure": 2, "list": 6, "chart": 3, "map": 1, "table": 8}


def slot(panel: Panel | str, viewing: Viewing, *, area: str = "", measures: Sequence[Measure] = (),
         skeleton: Skeleton = "chart", class_name: str = "", bare: bool = False, title: str = "",
         grow: float = 1, href: str = "") -> Component:
    """An empty frame for `panel`; the live link shows its skeleton until it sets the body.

    `area` is its CSS grid area, `grow` its share of a column's height; `measures` are explained in the menu; `bare` leaves
    the head out (chips, ribbon); `href` makes the title lead to the page that tells more.
    """
    panel_id = panel if isinstance(panel, str) else panel.id
    # The body has no children of Dash's: the live link owns what is inside (and draws the skeleton until it has more).
    body = html.Div(id=ids.panel_body(panel_id), className="panel-body", **{"data-skeleton": f"{skeleton} {_BARS[skeleton]}"})
    name = title or viewing.t(f"panel.{panel_id}")
    frame = {"data-panel": panel_id, "data-state": "loading", "aria-label": name}
    style: dict[str, str | float] = {"--grow": grow} if grow != 1 else {}
    if area:
        style["gridArea"] = area
    partial = isinstance(panel, Panel) and panel.partial  # tells itself what is old, so it is not dimmed as a whole
    marks = ("panel", "panel-bare" if bare else "", "panel-partial" if partial else "", class_name)
    classes = " ".join(part for part in marks if part)
    parts = [body] if bare else [_head(name, viewing, measures, href), body]
    return html.Section(parts, id=ids.panel_frame(panel_id), className=classes, style=style, **frame)


def _head(name: str, viewing: Viewing, measures: Sequence[Measure], href: str) -> Component:
    mark = html.Span([
        html.Span([icons.shape("live"), icons.shape("late"), icons.shape("bar")], className="panel-mark"),
        html.Span("", className="panel-age"),
    ], className="panel-when", tabIndex="0", role="note")
    title = dcc.Link([name, icons.icon("chevron")], href=href, className="panel-link") if href and viewing.portal != "wall" else name
    head = [html.H2(title, className="panel-title"), mark]
    if viewing.portal != "wall":
        head.append(_menu(name, viewing, measures))
    return html.Header(head, className="panel-head")


def _menu(name: str, viewing: Viewing, measures: Sequence[Measure]) -> Component:
    acts = [html.Button([icons.icon(act), viewing.t(f"ui.menu.{act}")], type="button", className="menu-act",
                        role="menuitem", **{"data-act": act})
            for act in ("definition", "table", "export", "enlarge") if act != "definition" or measures]
    parts = [html.Summary(icons.icon("menu"), className="menu-open",
                          **{"aria-label": viewing.t("ui.menu.open", title=name)}),
             html.Div(acts, className="menu-list", role="menu")]
    if measures:
        parts.append(html.Template([definition(m, viewing) for m in measures], className="panel-definitions"))
    return html.Details(parts, className="panel-menu")


def definition(measure: Measure, viewing: Viewing) -> Component:
    """What a measure means: name, unit, sentence, formula, standard."""
    key = f"measure.{measure.key}"
    rows = [html.H3([viewing.t(key), html.Small(f" {measure.unit}") if measure.unit else ""])]
    if f"{key}.definition" in table():
        rows.append(html.P(viewing.t(f"{key}.definition")))
    if measure.formula:
        rows.append(html.P([html.B(viewing.t("ui.definition.formula")), html.Code(measure.formula)]))
    if measure.standard:
        rows.append(html.P([html.B(viewing.t("ui.definition.standard")), measure.standard]))
    return html.Article(rows, className="definition")


def loading(skeleton: Skeleton = "chart") -> Component:
    """The first face: grey shapes of the right size."""
    return html.Div([html.I() for _ in range(_BARS[skeleton])], className=f"face face-loading skeleton-{skeleton}",
                    **{"aria-hidden": "true"})


def unavailable(viewing: Viewing, domains: Sequence[str], why: str = "why.no_snapshot") -> Component:
    """The fourth face: what is missing and why. Never an empty chart."""
    names = viewing.t("ui.list_comma").join(viewing.t(f"domain.{d}") for d in domains)
    return _face("unavailable", viewing.t("face.unavailable"), viewing.t(why, domains=names))


def failed(viewing: Viewing, error_id: str) -> Component:
    """The fifth face: this panel alone broke; the id finds the record."""
    return _face("failed", viewing.t("face.failed"), viewing.t("face.failed.id", id=error_id))


def empty(viewing: Viewing, key: str, **values: object) -> Component:
    """Nothing to show, and known to be nothing: says what was looked at, so that it is not taken for a failure."""
    return _face("empty", viewing.t(key, **values), "")


def _face(kind: str, head: str, text: str) -> Component:
    mark = {"unavailable": icons.shape("bar"), "failed": icons.shape("warning"), "empty": icons.icon("check")}[kind]
    return html.Div([mark, html.P(head, className="face-head"), html.P(text, className="face-text") if text else None],
                    className=f"face face-{kind}")
