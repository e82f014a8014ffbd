"""Open the drawer: one entity was chosen on a map, in a chart or in a row; draw it from the newest snapshots.

Personal, so a callback: only what the account may read is looked at. The choice arrives in a store, put there by
assets/select.js together with the page, portal and language of the screen.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dash
from dash import Input, Output, callback
from dash.development.base_component import Component

from components import ids
from components.contract import PORTALS, Page, Portal, Snapshots, Viewing
from core import auth, clock
from core.city import City
from core.i18n import LANGS, Lang
from core.snapshot import Snapshot
from data_sources import registry

LONGEST_ENTITY = 200


@callback(Output(ids.DRAWER_BODY, "children"), Input(ids.SELECTED, "data"), prevent_initial_call=True)
def show(chosen: Mapping[str, Any] | None) -> Component | None:
    """The drawer's body; nothing chosen empties it. The web process keeps snapshots, city and pages at `server.state`."""
    state = dash.get_app().server.state
    return draw(chosen or {}, state.pages, state.snapshots, state.city, clock.now())


def draw(
    chosen: Mapping[str, Any], pages: Sequence[Page], snapshots: Mapping[str, Snapshot], city: City, now: datetime
) -> Component | None:
    """The detail of `chosen["entity"]` on `chosen["page"]`. Raises `NotAllowed` when the page is not for this account."""
    page = next((p for p in pages if p.name == chosen.get("page")), None)
    entity = chosen.get("entity")
    if page is None or page.detail is None or not isinstance(entity, str) or not 0 < len(entity) <= LONGEST_ENTITY:
        return None
    identity = auth.require(page.permission)
    portal: Portal = next((p for p in PORTALS if p == chosen.get("portal")), "desk")
    lang: Lang = next((known for known in LANGS if known == chosen.get("lang")), "zh")
    viewing = Viewing(lang=lang, portal=portal, city=city, now=now.replace(second=0, microsecond=0))
    return page.detail(entity, readable(snapshots, identity), viewing)


def readable(snapshots: Mapping[str, Snapshot], identity: auth.Identity) -> Snapshots:
    """Only the snapshots whose domain the account may read."""
    return {name: s for name, s in snapshots.items() if identity.may(registry.domain(name).may_read())}
