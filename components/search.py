"""Search: one box over pages and everything they can show by name. The entries travel with the page, once, as JSON.

They come from configuration alone and only from pages this account may open. assets/ui_search.js does the rest.
"""

import json
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from components import icons, ids
from components.contract import Page, Viewing


def opener(viewing: Viewing) -> Component:
    """The button that opens the box (as does the key `/`)."""
    word = viewing.t("ui.search")
    return html.Button(icons.icon("search"), type="button", className="tool", title=word,
                       **{"data-do": "search", "aria-label": word})


def overlay(viewing: Viewing, pages: Sequence[Page]) -> Component:
    """The closed sheet; the browser fills it when it is opened first."""
    return html.Dialog(id=ids.SEARCH, className="sheet search", **{
        "aria-label": viewing.t("ui.search"), "data-entries": json.dumps(entries(viewing, pages), ensure_ascii=False, separators=(",", ":"))})


def entries(viewing: Viewing, pages: Sequence[Page]) -> list[list[str]]:
    """[kind, shown name, other name, address] of every page and of every thing on it, both languages findable."""
    chinese = viewing.lang == "zh"
    found = [["page", viewing.t(f"page.{page.name}"), page.name, page.route] for page in pages]
    for page in pages:
        for thing in page.things(viewing.city) if page.things else ():
            names = (thing.name, thing.name_en) if chinese else (thing.name_en or thing.name, thing.name)
            found.append([thing.kind, *names, f"{page.route}#{thing.kind}:{thing.key}"])
    return found
