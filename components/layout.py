"""How panels are set on a page: two wings around a stage, or columns. Each portal places the same parts its own way."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

Columns = Sequence[Sequence[Component]]


def stage(left: Columns, middle: Component | Sequence[Component], right: Columns) -> Component:
    """The map in the middle, a wing on each side. A wing is one or two columns of slots: side by side on a 32:9 wall,
    under one another on 16:9 and on the desk; on a phone everything stands in one column, middle first."""
    return html.Div([wing(left, "left"), html.Div(middle, className="middle"), wing(right, "right")], className="stage")


def wing(columns: Columns, side: str) -> Component:
    """One side of the stage."""
    return html.Div([html.Div(list(column), className="column") for column in columns], className=f"wing wing-{side}")


def columns(*parts: Sequence[Component]) -> Component:
    """Equal columns over the whole page, without a stage."""
    return html.Div([html.Div(list(part), className="column") for part in parts], className="columns")


def view(*parts: Component | None, class_name: str = "") -> Component:
    """A panel body: its parts under one another, the growing one (chart, table, list) takes what is left."""
    return html.Div([part for part in parts if part is not None], className=f"view {class_name}".strip())
