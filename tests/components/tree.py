"""Read a component tree in tests: its words, its attributes, its parts by class."""

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def parts(node: Any) -> Iterator[Component]:
    """The node and all below it."""
    if isinstance(node, Component):
        yield node
        yield from parts(getattr(node, "children", None))
    elif isinstance(node, list | tuple):
        for child in node:
            yield from parts(child)


def text(node: Any) -> str:
    """All words in reading order."""
    if node is None:
        return ""
    if isinstance(node, list | tuple):
        return " ".join(part for part in (text(child) for child in node) if part)
    if isinstance(node, Component):
        return text(getattr(node, "children", None))
    return str(node)


def having(node: Any, name: str) -> list[Component]:
    """Parts with this class."""
    return [part for part in parts(node) if name in (getattr(part, "className", "") or "").split()]


def attribute(part: Component, name: str) -> Any:
    """A property as Dash would send it."""
    return part.to_plotly_json()["props"].get(name)
