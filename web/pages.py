"""Dash inside the application: pages found in `pages/`, one layout, one callback that fills it by address and cookies.

Every page module that exports `PAGE` is a page; nobody lists them.
"""

import importlib
import json
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dash
from dash import _callback, dcc, html
from dash.backends._fastapi import reset_current_request, set_current_request
from dash.dependencies import Input, Output
from dash.development.base_component import Component
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

import callbacks
import pages as pages_package
from components import bootstrap, ids, shell
from components.contract import PORTALS, Page, Portal, Viewing
from core import auth, clock
from core.city import City
from core.i18n import LANGS, Lang, t
from web.headers import script_hash
from web.release import release

ROOT = Path(__file__).resolve().parent.parent
INDEX = """<!DOCTYPE html>
<html lang="zh-CN">
  <head>
    {%metas%}
    <meta name="theme-color" content="#0a1420">
    <title>{%title%}</title>
    <link rel="manifest" href="/manifest.webmanifest">
    {%favicon%}
    <script>%BOOTSTRAP%</script>
    <script type="application/json" id="city-config">%CONFIG%</script>
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>"""
_globals: dict[str, Any] = {}


def discover() -> tuple[Page, ...]:
    """All pages in menu order. A module of `pages/` without `PAGE` is not one."""
    found = []
    for module in pkgutil.iter_modules(pages_package.__path__):
        page = getattr(importlib.import_module(f"pages.{module.name}"), "PAGE", None)
        if isinstance(page, Page):
            found.append(page)
    return tuple(sorted(found, key=lambda p: (p.order, p.name)))


class Site(dash.Dash):
    """Dash without what it should not send: its validation layout is reduced to ids and types."""

    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]
        for name in ("python_version", "dash_version_url", "websocket"):  # the live link is ours, Dash's is not used
            config.pop(name, None)
        return config


class Pages:
    """The Dash application with its pages, and the documents it serves."""

    def __init__(self, server: FastAPI, city: City, pages: Sequence[Page]) -> None:
        self.city, self.pages = city, tuple(pages)
        self.by_route: Mapping[str, Page] = {page.route: page for page in pages}
        self._documents: dict[Lang, str] = {}
        for page in pages:
            server.add_api_route(page.route, self.document, methods=["GET", "HEAD"], include_in_schema=False)
        self.dash = Site(
            __name__, server=server,  # type: ignore[arg-type]
            assets_folder=str(ROOT / "assets"), pages_folder="", use_pages=False,
            title=t("sign_in.product", "zh", city=city.name.removesuffix("市")), update_title="", add_log_handler=False,
            index_string=INDEX.replace("%BOOTSTRAP%", bootstrap.SCRIPT),
        )
        _import_callbacks()
        self.dash.validation_layout = html.Div([_frame(), *_skeletons(self)])  # type: ignore[assignment]
        self.dash.layout = _frame
        self._register()
        # Dash itself waits for a request to one of its own routes (plotly/dash #4075).
        self.dash._setup_server()  # type: ignore[no-untyped-call]

    def viewing(self, lang: Lang, portal: Portal) -> Viewing:
        """What skeletons are drawn for; they show no time."""
        return Viewing(lang=lang, portal=portal, city=self.city, now=clock.now().replace(second=0, microsecond=0))

    def screen(self, page: Page, viewing: Viewing, identity: auth.Identity | None) -> Component:
        """The whole screen of a page for somebody: shell around skeleton, no data."""
        allowed = [p for p in self.pages if identity is not None and identity.may(p.permission)]
        name = identity.name if identity is not None else ""
        return shell.page(viewing, page, allowed, page.layout(viewing), account=name)

    def scripts(self) -> list[str]:
        """CSP sources of all inline scripts of the document."""
        return [script_hash(bootstrap.SCRIPT), *self.dash.csp_hashes()]

    async def document(self, request: Request) -> Response:
        """The one HTML document of all pages; made once per language."""
        lang = language(request.cookies, request.query_params)
        if lang not in self._documents:
            token = set_current_request(request)  # type: ignore[no-untyped-call]
            try:
                made = self.dash.index()  # type: ignore[no-untyped-call]
                self._documents[lang] = made.replace("%CONFIG%", self._config(lang))
            finally:
                reset_current_request(token)  # type: ignore[no-untyped-call]
        return HTMLResponse(self._documents[lang])

    def _config(self, lang: Lang) -> str:
        """What live.js must know before anything is loaded."""
        product = t("sign_in.product", lang, city=city_name(self.city, lang))
        routes = {p.route: {"page": p.name, "title": f"{t(f'page.{p.name}', lang)} · {product}"} for p in self.pages}
        text = json.dumps({"release": release(), "routes": routes, "link": ids.LINK_STATE}, ensure_ascii=False)
        return text.replace("<", "\\u003c")

    def _register(self) -> None:
        @self.dash.callback(Output(ids.CONTENT, "children"), Input(ids.LOCATION, "pathname"))
        def show(pathname: str | None) -> Component:
            """Fill the page: skeleton only, by address and cookies."""
            page = self.by_route.get(pathname or "/")
            if page is None:
                raise dash.exceptions.PreventUpdate
            cookies = dash.callback_context.cookies
            return self.screen(page, self.viewing(language(cookies, {}), portal(cookies)), auth.require(page.permission))


def city_name(city: City, lang: Lang) -> str:
    """The city's short name."""
    return city.name.removesuffix("市") if lang == "zh" else city.name_en


def language(cookies: Mapping[str, str], query: Mapping[str, str]) -> Lang:
    """The language asked for: address, then cookie, then Chinese."""
    asked = query.get("lang") or cookies.get("lang")
    return next((lang for lang in LANGS if lang == asked), "zh")


def portal(cookies: Mapping[str, str]) -> Portal:
    """The portal that the browser chose."""
    return next((p for p in PORTALS if p == cookies.get("portal")), "desk")


def _frame() -> Component:
    return html.Div([dcc.Location(id=ids.LOCATION, refresh="callback-nav"), html.Div(id=ids.CONTENT)])


def _skeletons(site: Pages) -> list[Component]:
    """Every id of every page and portal, so that Dash can check callbacks; types and ids only: it goes to the browser."""
    found: dict[str, Component] = {}
    everything = auth.Identity(account="", name="", role="", grants=("*",))
    for page in site.pages:
        for view in PORTALS:
            _collect(site.screen(page, site.viewing("zh", view), everything), found)
    return list(found.values())


def _collect(node: Any, found: dict[str, Component]) -> None:
    for part in _walk(node):
        name = getattr(part, "id", None)
        if name is not None:
            found.setdefault(json.dumps(name, sort_keys=True), _bare(part))


def _bare(part: Component) -> Component:
    """The component with its id alone, and whatever its type insists on."""
    needed = {name: getattr(part, name) for name in ("href", "data", "value") if hasattr(part, name)}
    try:
        return type(part)(id=part.id)  # type: ignore[attr-defined]
    except TypeError:
        return type(part)(id=part.id, **needed)  # type: ignore[attr-defined]


def _walk(node: Any) -> Any:
    if isinstance(node, list | tuple):
        for child in node:
            yield from _walk(child)
    elif isinstance(node, Component):
        yield node
        yield from _walk(getattr(node, "children", None))


def _import_callbacks() -> None:
    """Import `callbacks/` once; what they registered globally serves every application made in this process."""
    if not _globals:
        for module in pkgutil.iter_modules(callbacks.__path__):
            importlib.import_module(f"callbacks.{module.name}")
        _globals["list"] = list(_callback.GLOBAL_CALLBACK_LIST)
        _globals["map"] = dict(_callback.GLOBAL_CALLBACK_MAP)
        _globals["scripts"] = list(_callback.GLOBAL_INLINE_SCRIPTS)
    _callback.GLOBAL_CALLBACK_LIST[:] = _globals["list"]
    _callback.GLOBAL_CALLBACK_MAP.update(_globals["map"])
    _callback.GLOBAL_INLINE_SCRIPTS[:] = _globals["scripts"]
