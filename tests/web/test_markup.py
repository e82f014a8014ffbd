"""Components as HTML text: nothing of a device's words becomes markup, nothing of a component gets lost."""

import dash_svg as svg
import pytest
from dash import dcc, html

from web.markup import markup, style


def test_text_and_attributes_are_escaped() -> None:
    hostile = '<script>alert("1")</script>&'
    drawn = markup(html.P(hostile, title=hostile, **{"data-key": hostile}))
    assert "<script" not in drawn
    assert drawn.startswith('<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;" data-key="&lt;script&gt;')
    assert drawn.endswith(">&lt;script&gt;alert(\"1\")&lt;/script&gt;&amp;</p>")


@pytest.mark.parametrize("url", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_addresses_that_run_code_are_dropped(url: str) -> None:
    assert markup(html.A("x", href=url)) == "<a>x</a>"


def test_names_styles_and_flags_are_spelt_as_browsers_spell_them() -> None:
    drawn = markup(html.Div("a", className="k", style={"marginTop": 4, "--grow": 2, "zIndex": 3}, hidden=True, n_clicks=0))
    assert sorted(drawn.removesuffix(">a</div>").split()[1:]) == ['class="k"', 'hidden=""', 'style="margin-top:4px;--grow:2;z-index:3"']
    assert markup(html.Td("1", colSpan=2, tabIndex=0, **{"aria-hidden": "true"})).count("=") == 3
    assert style({"width": "3%", "top": 0, "left": None}) == "width:3%;top:0"


def test_drawings_keep_their_capitals() -> None:
    drawn = markup(svg.Svg(svg.Path(d="M0 0", strokeWidth=2, vectorEffect="non-scaling-stroke"), viewBox="0 0 1 1"))
    assert '<svg viewBox="0 0 1 1"' in drawn and 'stroke-width="2"' in drawn and 'vector-effect="non-scaling-stroke"' in drawn


def test_none_lists_numbers_and_void_elements() -> None:
    assert markup([None, True, 0, 1.5, "t", [html.Br(), html.Img(src="/a.jpg", alt="")]]) == '01.5t<br><img alt="" src="/a.jpg">'


def test_links_stay_inside_and_what_needs_dash_is_refused() -> None:
    assert markup(dcc.Link("x", href="/air", className="c")).startswith('<a data-nav=""')
    with pytest.raises(TypeError):
        markup(html.Div(dcc.Graph()))
