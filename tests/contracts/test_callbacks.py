"""Callbacks and ids: every id a callback names is placed, none is placed twice on a screen, no output has two writers."""

import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dash.development.base_component import Component

from components.contract import PORTALS, Portal
from core import settings
from core.auth import Identity
from core.city import load
from core.i18n import LANGS, Lang
from data_sources.registry import domains
from tests.contracts.tree import ROOT, modules, name, parsed
from web.pages import discover
from web.server import Web

CHIEF = Identity(account="chief", name="Chief", role="admin")
PAGES = discover()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    """The whole web process, not serving."""
    folder = tmp_path_factory.mktemp("data")
    read = settings.read({"CITY_DATA_DIR": str(folder), "CITY_CONFIG": str(ROOT / "config/luan")})
    return Web(read, load(Path(read.config_dir), domains()))


def ids(tree: Any) -> Iterator[str]:
    """Every id in a component tree, pattern ids as sorted JSON."""
    if isinstance(tree, Component):
        found = getattr(tree, "id", None)
        if found is not None:
            yield found if isinstance(found, str) else json.dumps(found, sort_keys=True)
        for prop in tree._prop_names:
            value = getattr(tree, prop, None)
            if isinstance(value, (Component, list, tuple)):
                yield from ids(value)
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            yield from ids(part)


def twice(tree: Any) -> list[str]:
    """Ids that a tree places more than once."""
    return sorted(key for key, count in Counter(ids(tree)).items() if count > 1)


def asked(callbacks: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(callback, id) of everything that callbacks read and write; pattern ids are left to Dash."""
    for output, callback in callbacks.items():
        for part in (*callback.get("inputs", ()), *callback.get("state", ())):
            yield output, part["id"]
        for part in output.strip(".").split("..."):
            yield output, part.rsplit(".", 1)[0].replace("\\.", ".")


def test_the_checks_can_fail() -> None:
    from dash import html

    tree = html.Div([html.P(id="a"), html.P([html.B(id="a")], id="b")], id="c")
    assert sorted(ids(tree)) == ["a", "a", "b", "c"] and twice(tree) == ["a"]
    given = {"x.children": {"inputs": [{"id": "y", "property": "n"}], "state": []}}
    assert sorted(i for _, i in asked(given)) == ["x", "y"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("portal", PORTALS)
def test_no_id_is_placed_twice_on_a_screen(web: Web, page: Any, portal: Portal) -> None:
    for lang in LANGS:
        assert twice(web.site.screen(page, web.site.viewing(lang, portal), CHIEF)) == []


@pytest.mark.parametrize("lang", LANGS)
def test_every_panel_of_a_page_is_placed_in_some_portal(web: Web, lang: Lang) -> None:
    for page in PAGES:
        placed = {i for portal in PORTALS for i in ids(web.site.screen(page, web.site.viewing(lang, portal), CHIEF))}
        assert [panel.id for panel in page.panels if f"body:{panel.id}" not in placed] == [], page.name


def test_every_id_that_a_callback_names_is_placed(web: Web) -> None:
    placed = set(ids(web.site.dash.validation_layout))
    placed |= {i for page in PAGES for portal in PORTALS
               for i in ids(web.site.screen(page, web.site.viewing("zh", portal), CHIEF))}
    missing = [f"{output}: {i}" for output, i in asked(web.site.dash.callback_map)
               if not i.startswith("{") and i not in placed]
    assert len(web.site.dash.callback_map) > 0
    assert missing == []


def test_no_output_has_two_writers(web: Web) -> None:
    written = Counter(part.split("@")[0] for output in web.site.dash.callback_map for part in output.strip(".").split("..."))
    assert [part for part, count in written.items() if count > 1] == []


def test_missing_ids_are_not_hushed_up() -> None:
    wrong = [name(path) for path in modules("web", "pages", "callbacks", "components")
             if "suppress_callback_exceptions" in path.read_text("utf-8")]
    assert wrong == []


def test_ids_come_from_one_factory() -> None:
    """No literal id in a component made by pages or callbacks: `components/ids.py` spells them."""
    sample = ast.parse('html.P(id="x")\nPanel(id="y")\nhtml.P(id=ids.MAP)')
    assert literal_ids(sample) == [1]
    found = [f"{name(path)}:{line}" for path in modules("pages", "callbacks") for line in literal_ids(parsed(path))]
    assert found == []


def literal_ids(tree: ast.AST) -> list[int]:
    """Lines where a component (html.X, dcc.X, ...) gets an id as a string constant."""
    return [node.lineno for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and any(k.arg == "id" and isinstance(k.value, ast.Constant) and isinstance(k.value.value, str)
                    for k in node.keywords)]
