"""The shell around every page: header, menu, breadcrumb, tab bar, ribbon. Three portals, designed apart.

`page()` gives the whole screen for (page, portal, language). Nothing here is personal except the account's name.
Parts fed by the live link are panels too: `PANELS` belong to every page's bundle.
"""

import json
from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from components import icons, ids, panel, ribbon, search
from components.contract import Page, Panel, Viewing
from core.i18n import table

GROUPS: tuple[str, ...] = ("operate", "platform", "manage")
WORD_PREFIXES = ("ui.span.", "ui.ago", "ui.now", "state.", "link.", "source.", "ui.js.", "ui.weekday.", "ui.month.")

WEATHER = Panel(id="shell.weather", domains=("air",), view=ribbon.weather)
TIMELINE = Panel(id="shell.timeline", domains=("transit", "parking", "air", "cameras"), view=ribbon.timeline, partial=True)
PANELS: tuple[Panel, ...] = (WEATHER, TIMELINE)


def page(viewing: Viewing, current: Page, pages: Sequence[Page], content: Component | Sequence[Component], *,
         account: str = "") -> Component:
    """The screen of `current` around its `content`; `pages` are those this account may open, in menu order."""
    name = f"page-{current.name}"
    main = html.Main(content, className=f"page {name}", id=f"main:{current.name}")
    words = html.Div(id=ids.WORDS, hidden=True, **{"data-words": _words(viewing)})
    build = {"wall": _wall, "desk": _desk, "phone": _phone}[viewing.portal]
    sheets = [_help(viewing, pages), _enlarged(viewing)] + ([search.overlay(viewing, pages)] if viewing.portal != "wall" else [])
    return html.Div([*build(viewing, current, pages, main, account), words, *sheets],
                    className=f"shell shell-{viewing.portal}", **{"data-page": current.name, "data-portal": viewing.portal})


def _wall(viewing: Viewing, current: Page, pages: Sequence[Page], main: Component, account: str) -> list[Component]:
    head = html.Header([
        html.H1(_product(viewing), className="product"),
        html.P(viewing.t(f"page.{current.name}"), className="page-name"),
        _simulated(viewing),
        html.P(viewing.t(f"page.{current.name}.question"), className="question"),
        html.Div(className="push"),
        panel.slot(WEATHER, viewing, bare=True, skeleton="figure", class_name="chips"),
        _clock(viewing), _link(viewing),
    ], className="head")
    foot = html.Footer(panel.slot(TIMELINE, viewing, bare=True, skeleton="figure"), className="foot")
    return [head, main, foot]


def _desk(viewing: Viewing, current: Page, pages: Sequence[Page], main: Component, account: str) -> list[Component]:
    head = html.Header([
        html.Div([html.Span(viewing.t(f"group.{current.group}")), icons.icon("chevron"),
                  html.H1(viewing.t(f"page.{current.name}"))], className="crumbs"),
        html.P(viewing.t(f"page.{current.name}.question"), className="question"),
        html.Div(className="push"),
        _simulated(viewing),
        panel.slot(WEATHER, viewing, bare=True, skeleton="figure", class_name="chips"),
        _clock(viewing), _link(viewing), _tools(viewing), _account(viewing, account),
    ], className="head")
    menu = html.Nav([_link_to(_product(viewing), "/", "product"), *_groups(viewing, current, pages),
                     html.Div(className="push"),
                     html.Button([icons.icon("help"), html.Span(viewing.t("ui.help"))], type="button", className="nav-item",
                                 **{"data-do": "help"})],
                    className="side", **{"aria-label": viewing.t("ui.nav")})
    return [menu, head, main]


def _phone(viewing: Viewing, current: Page, pages: Sequence[Page], main: Component, account: str) -> list[Component]:
    head = html.Header([html.H1(viewing.t(f"page.{current.name}")), _simulated(viewing), html.Div(className="push"),
                        _link(viewing), search.opener(viewing)], className="head")
    strip = html.Nav([_link_to(viewing.t(f"page.{p.name}"), p.route, "strip-item", here=p.name == current.name) for p in pages],
                     className="strip", **{"aria-label": viewing.t("ui.nav")})
    return [head, html.Div([strip, main, _mine(viewing, account)], className="scroll"), _tabs(viewing, current)]


def _product(viewing: Viewing) -> str:
    city = viewing.city.name if viewing.lang == "zh" else viewing.city.name_en
    return viewing.t("ui.product", city=city.removesuffix("市"))


def _groups(viewing: Viewing, current: Page, pages: Sequence[Page]) -> list[Component]:
    parts: list[Component] = []
    names = [*GROUPS, *sorted({p.group for p in pages} - set(GROUPS))]
    for group in names:
        members = sorted((p for p in pages if p.group == group), key=lambda p: p.order)
        if members:
            parts.append(html.P(viewing.t(f"group.{group}"), className="nav-group"))
            parts += [_nav_item(viewing, p, p.name == current.name) for p in members]
    return parts


def _link_to(children: object, href: str, class_name: str, *, here: bool = False, link_id: str = "") -> Component:
    """A link inside the app; the browser marks `is-here` for screen readers (dcc.Link knows no aria attributes)."""
    more = {"id": link_id} if link_id else {}
    return dcc.Link(children, href=href, className=f"{class_name} is-here" if here else class_name, **more)


def _nav_item(viewing: Viewing, page: Page, on: bool) -> Component:
    return _link_to([icons.icon(page.icon), html.Span(viewing.t(f"page.{page.name}"))], page.route, "nav-item", here=on,
                    link_id=ids.nav_item(page.name))


def _tabs(viewing: Viewing, current: Page) -> Component:
    tabs = (("overview", "/", "overview"), ("cases", "/#events", "cases"), ("map", "/#map", "map"), ("mine", "/#me", "account"))
    items = [_link_to([icons.icon(mark), html.Span(viewing.t(f"tab.{name}"))], href, "tab", link_id=ids.tab(name))
             for name, href, mark in tabs]
    return html.Nav(items, className="tabs", **{"aria-label": viewing.t("ui.nav")})


def _simulated(viewing: Viewing) -> Component:
    return html.Span(viewing.t("ui.simulated"), id=ids.SIMULATED, className="sim", title=viewing.t("ui.simulated.why"),
                     hidden=True)


def _clock(viewing: Viewing) -> Component:
    return html.Div([html.Span("", className="clock-day"), html.B("--:--:--", className="clock-time")], id=ids.CLOCK,
                    className="clock", **{"data-zone": viewing.city.timezone})


def _link(viewing: Viewing) -> Component:
    return html.Div([icons.shape("live"), html.Span(viewing.t("link.connecting"), className="link-word")], id=ids.LINK_STATE,
                    className="link", role="status", **{"data-link": "connecting"})


def _tools(viewing: Viewing) -> Component:
    other = "en" if viewing.lang == "zh" else "zh"
    return html.Div([
        search.opener(viewing),
        html.Button("EN" if other == "en" else "中", type="button", className="tool", title=viewing.t("ui.language"),
                    **{"data-do": "lang", "data-lang": other, "aria-label": viewing.t("ui.language")}),
        html.Button(icons.icon("theme"), type="button", className="tool", title=viewing.t("ui.theme"),
                    **{"data-do": "theme", "aria-label": viewing.t("ui.theme")}),
    ], className="tools")


def _account(viewing: Viewing, account: str) -> Component:
    return html.Details([html.Summary([icons.icon("account"), html.Span(account, className="account-name")], className="tool",
                                      **{"aria-label": viewing.t("ui.account")}),
                         html.Div([html.P(account) if account else None,
                                   html.A(viewing.t("ui.sign_out"), href="/sign-out", className="menu-act")],
                                  className="menu-list")],
                        className="panel-menu account", id=ids.ACCOUNT)


def _mine(viewing: Viewing, account: str) -> Component:
    """The phone's fourth tab: who is signed in, language, theme, sign out. Plain rows for a thumb."""
    rows = [html.P(account or viewing.t("ui.account"), className="mine-name"),
            html.Button([icons.icon("language"), viewing.t("ui.language")], type="button", className="mine-row", **{"data-do": "lang"}),
            html.Button([icons.icon("theme"), viewing.t("ui.theme")], type="button", className="mine-row", **{"data-do": "theme"}),
            html.A([icons.icon("close"), viewing.t("ui.sign_out")], href="/sign-out", className="mine-row")]
    return html.Section(rows, className="mine", **{"aria-label": viewing.t("tab.mine")})


def _words(viewing: Viewing) -> str:
    """The words the browser script writes by itself, in this language."""
    words = {key: row[viewing.lang] for key, row in table().items() if key.startswith(WORD_PREFIXES)}
    return json.dumps(words, ensure_ascii=False, sort_keys=True)


def _help(viewing: Viewing, pages: Sequence[Page]) -> Component:
    keys = [("?", "ui.key.help"), ("/", "ui.key.search"), ("t", "ui.key.theme"), ("l", "ui.key.language"),
            ("f", "ui.key.full"), ("Esc", "ui.key.close")]
    rows = [html.Li([html.Kbd(key), html.Span(viewing.t(word))]) for key, word in keys]
    rows += [html.Li([html.Kbd(f"g {_letter(p, pages)}"), html.Span(viewing.t(f"page.{p.name}"))],
                     **{"data-go": _letter(p, pages), "data-href": p.route}) for p in pages]
    return html.Dialog([html.H2(viewing.t("ui.help")), html.Ul(rows, className="keys")], id=ids.HELP, className="sheet")


def _letter(page: Page, pages: Sequence[Page]) -> str:
    """The key after `g`: the first letter of the page's name that no earlier page has taken."""
    taken: set[str] = set()
    for p in pages:
        mine = next((c for c in p.name if c.isalpha() and c not in taken), "")
        if p.name == page.name:
            return mine
        taken.add(mine)
    return ""


def _enlarged(viewing: Viewing) -> Component:
    return html.Dialog([html.Header([html.H2("", className="sheet-title"),
                                     html.Button(icons.icon("close"), type="button", className="tool",
                                                 **{"data-do": "close", "aria-label": viewing.t("ui.close")})]),
                        html.Div(className="sheet-body")], id=ids.ENLARGED, className="sheet")
