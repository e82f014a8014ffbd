"""Two pages for tests: their views count how often they are called, and break on demand."""

from collections import Counter

from dash import html
from dash.development.base_component import Component

from components import panel
from components.contract import Layer, Page, Panel, Snapshots, Viewing

calls: Counter[str] = Counter()
broken: set[str] = set()


def _view(name: str, domain: str) -> Panel:
    def view(snapshots: Snapshots, viewing: Viewing) -> Component:
        calls[name] += 1
        if name in broken:
            raise RuntimeError(f"{name} is broken")
        return html.Div([html.B(str(snapshots[domain].version)), html.Span(viewing.lang)], title="<&>")

    return Panel(id=f"probe.{name}", domains=(domain,), view=view)


PANELS = (_view("air", "air"), _view("parking", "parking"))
LAYER = Layer(id="probe.points", domains=("air",), data=lambda s, _: {"n": [s["air"].version]})


def _layout(viewing: Viewing) -> Component:
    return html.Div([panel.slot(p, viewing) for p in PANELS])


PAGES = (
    Page(name="overview", route="/", icon="overview", permission="overview.read", panels=PANELS, layout=_layout,
         layers=(LAYER,), order=1),
    Page(name="air", route="/air", icon="air", permission="air.read", panels=PANELS[:1], layout=_layout, order=2),
)
