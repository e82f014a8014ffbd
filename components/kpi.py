"""A big figure that says how sure it is: unit, band word, difference to the usual, coverage, range, state.

A missing or withheld reading is "—" with the reason in words. It is never 0 and never silently left out.
"""

from typing import Literal

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components import icons, theme
from components.contract import Viewing
from core.i18n import table
from core.measure import Band, Measure
from core.snapshot import Reading

Size = Literal["s", "m", "l"]
SHOWN_STATES = ("late", "stale", "estimated", "forecast", "simulated")


def kpi(reading: Reading | None, measure: Measure, viewing: Viewing, *, usual: float | None = None, size: Size = "m",
        label: bool = True, name: str = "", note: str = "", word: str = "") -> Component:
    """One reading as a figure block. `usual` must come from data (history, a finding), else it is left out.

    `note` is one short extra fact below, `word` a plain word beside the figure (both in the viewing's language).
    """
    label_text = name or viewing.t(f"measure.{measure.key}")
    value = reading.value if reading else None
    band = measure.band(value)
    rows: list[Component] = []
    if label:
        rows.append(html.Div(label_text, className="kpi-label"))
    beside = html.Span(word, className="kpi-word") if word and value is not None else None
    mark = badge(band, viewing) if value is not None else state_mark(reading.state if reading else "missing", viewing)
    rows.append(html.Div([figure(value, measure.unit, measure.digits), mark, beside], className="kpi-main"))
    if value is None:
        rows.append(html.Div(why(reading, viewing), className="kpi-why"))
    else:
        facts = _facts(reading, measure, viewing, usual)
        if note:
            facts.append(html.Span(note))
        rows.append(html.Div(facts, className="kpi-facts"))
    state = reading.state if reading else "missing"
    return html.Div(rows, className=f"kpi kpi-{size}", **{
        "data-state": state, "data-measure": measure.key, "role": "group", "aria-label": label_text})


def figure(value: float | None, unit: str = "", digits: int = 0) -> Component:
    """The number with its unit, kept together; tabular numerals; "—" when there is none."""
    parts: list[Component | str] = [fmt.share(value, digits) if unit == "%" else fmt.number(value, digits)]
    if unit and value is not None:
        parts.append(html.Small(unit if unit in ("%",) else fmt.THIN + unit))
    return html.B(parts, className="figure" + ("" if value is not None else " figure-none"))


def badge(band: Band | None, viewing: Viewing) -> Component | None:
    """The band's word on the band's own colour, in the ink that reads on it."""
    if band is None:
        return None
    return swatch(viewing.t(band.key), band.color)


def swatch(text: str, token: str) -> Component:
    """A word on a state colour (a theme token)."""
    style = {"background": theme.color(token), "color": theme.color(f"on-{token}")}
    return html.Span(text, className="band", style=style)


def why(reading: Reading | None, viewing: Viewing) -> str:
    """The reason a reading has no value, in words."""
    if reading is None:
        return viewing.t("why.no_reading")
    if reading.why and reading.why in table():
        return viewing.t(reading.why)
    return viewing.t("why.withheld" if reading.state == "withheld" else "why.missing")


def _facts(reading: Reading, measure: Measure, viewing: Viewing, usual: float | None) -> list[Component]:
    assert reading.value is not None
    facts: list[Component] = []
    if reading.state in SHOWN_STATES and reading.state != "simulated":
        facts.append(state_mark(reading.state, viewing))
    if usual is not None:
        change = fmt.delta(reading.value, usual, measure.digits)
        facts.append(html.Span(viewing.t("ui.usual", usual=fmt.with_unit(usual, measure.unit, measure.digits),
                                         delta=change), **{"data-better": _better(reading.value, usual, measure)}))
    if reading.low is not None and reading.high is not None:
        low, high = fmt.number(reading.low, measure.digits), fmt.with_unit(reading.high, measure.unit, measure.digits)
        facts.append(html.Span(viewing.t("ui.range", low=low, high=high)))
    if reading.coverage is not None:
        facts.append(html.Span(viewing.t("ui.coverage", share=fmt.percent(reading.coverage)),
                               className="is-low" if reading.coverage < 0.5 else ""))
    return facts


def _better(value: float, usual: float, measure: Measure) -> str:
    if measure.better == "neither" or value == usual:
        return ""
    return "yes" if (value < usual) == (measure.better == "low") else "no"


def state_mark(state: str, viewing: Viewing) -> Component:
    """A state in words with its shape: disc live, half disc late, bar stale or missing."""
    mark = {"live": "live", "late": "late", "estimated": "late", "forecast": "late"}.get(state, "bar")
    return html.Span([icons.shape(mark), viewing.t(f"state.{state}")], className="state", **{"data-state": state})


def row(reading: Reading | None, measure: Measure, viewing: Viewing, *, name: str = "") -> Component:
    """A small line "name … value unit" for secondary measures; `name` is a shorter word for a narrow place."""
    value = reading.value if reading else None
    title = "" if value is not None else why(reading, viewing)
    return html.Div([html.Span(name or viewing.t(f"measure.{measure.key}"), className="fact-name"),
                     figure(value, measure.unit, measure.digits)],
                    className="fact", title=title, **{"data-state": reading.state if reading else "missing"})


def rows(readings: dict[str, Reading], measures: list[Measure], viewing: Viewing) -> Component:
    """Several `row`s under one another."""
    return html.Div([row(readings.get(m.key), m, viewing) for m in measures], className="facts")
