"""What a page is made of. Views are pure: the same snapshots and viewing give the same component, always."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from dash.development.base_component import Component

from core.city import City
from core.i18n import Lang, t
from core.snapshot import Snapshot

Portal = Literal["wall", "desk", "phone"]
PORTALS: tuple[Portal, ...] = ("wall", "desk", "phone")
Snapshots = Mapping[str, Snapshot]


class Viewing(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a view is drawn. Nothing personal: what is drawn for one is drawn for all with the same viewing."""

    lang: Lang
    portal: Portal
    city: City
    now: datetime  # rounded down to the minute, so that it seldom changes a view

    def t(self, key: str, **values: object) -> str:
        """The text of `key` in this viewing's language."""
        return t(key, self.lang, **values)


Drawable = Component | str | int | float | None | Sequence[Any]
View = Callable[[Snapshots, Viewing], Component | list[Component]]


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One framed part of a page. `id` is "<page>.<name>"; its title is the string `panel.<id>`.

    `view` draws the body only and is called only when every snapshot in `domains` is there (else the frame shows
    loading or unavailable). It must not draw ages: the frame does, in the browser. A `partial` view is called as soon as
    one of them is there, and says itself what is not covered.
    """

    id: str
    domains: tuple[str, ...]
    view: View
    measures: tuple[str, ...] = ()  # explained by the panel's definition menu
    sources: tuple[str, ...] = ()  # whose age the frame shows; default: required sources of the domains
    partial: bool = False


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """Data for a map layer, fed past Dash straight into the browser's map code. JSON-able, column by column.

    A `partial` layer is drawn as soon as one of its snapshots is there.
    """

    id: str
    domains: tuple[str, ...]
    data: Callable[[Snapshots, Viewing], Any]
    partial: bool = False


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person may look for by name: opened as `<route of the page>#<kind>:<key>`."""

    kind: str
    key: str
    name: str
    name_en: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page module exports one `PAGE`. Title: string `page.<name>`; question it answers: `page.<name>.question`."""

    name: str
    route: str
    icon: str
    permission: str
    panels: tuple[Panel, ...]
    layout: Callable[[Viewing], Component]  # skeleton: slots made by panel.slot(), no data
    layers: tuple[Layer, ...] = ()
    detail: Callable[[str, Snapshots, Viewing], Component] | None = None  # drawer for an entity that was clicked
    things: Callable[[City], Sequence[Thing]] | None = None  # what can be searched for and opened on this page
    group: str = "operate"
    order: int = 50
