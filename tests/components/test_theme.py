"""Tokens: the exact colours of the standards, contrast, and the generated file."""

import re

import pytest

from components import theme

TEXT = ("text", "text-2", "text-3", "ok", "late", "bad", "alarm", "warning", "info", "accent")


def test_tokens_file_is_generated_from_here() -> None:
    assert theme.TARGET.read_text("utf-8") == theme.css()


def test_aqi_colours_are_those_of_hj633() -> None:
    expected = [(0, 228, 0), (255, 255, 0), (255, 126, 0), (255, 0, 0), (153, 0, 76), (126, 0, 35)]
    assert [theme.channels(theme.AQI[f"aqi-{i}"]) for i in range(1, 7)] == expected


@pytest.mark.parametrize("tokens", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("ground", ["bg", "panel", "panel-2"])
def test_text_reaches_wcag_aa(tokens: dict[str, str], ground: str) -> None:
    weak = {name: round(theme.contrast(tokens[name], tokens[ground]), 2) for name in TEXT
            if theme.contrast(tokens[name], tokens[ground]) < 4.5}
    assert weak == {}


def test_wall_figures_reach_aaa() -> None:
    assert theme.contrast(theme.DARK["text"], theme.DARK["panel"]) >= 7
    assert theme.contrast(theme.DARK["text-2"], theme.DARK["panel"]) >= 7


@pytest.mark.parametrize("tokens", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
def test_words_on_state_colours_can_be_read(tokens: dict[str, str]) -> None:
    every = theme.with_inks(tokens)
    inks = {name: every[name] for name in every if name.startswith("on-") and name != "on-accent"}
    assert {n for n, ink in inks.items() if theme.contrast(ink, every[n.removeprefix("on-")]) < 4.5} == set()
    assert theme.contrast(tokens["on-accent"], tokens["accent"]) >= 4.5


def test_both_themes_state_the_same_tokens() -> None:
    assert theme.DARK.keys() == theme.LIGHT.keys()
    assert len({frozenset(sizes) for sizes in theme.SIZES.values()}) == 1


def test_wall_text_is_large_enough() -> None:
    """1 rem is 1/60 of the height: text at least 1.6 %, figures at least 5 %."""
    sizes = {name: float(value.removesuffix("rem")) / 60 for name, value in theme.SIZES["wall"].items() if re.fullmatch(r"[\d.]+rem", value)}
    assert min(value for name, value in sizes.items() if name.startswith("text-")) >= 0.016
    assert min(sizes["figure"], sizes["figure-l"]) >= 0.05


def test_every_token_used_in_the_styles_exists() -> None:
    known = set(theme.with_inks(theme.DARK)) | set(theme.SIZES["wall"]) | {"font"}
    placed = {"grow", "column", "cols", "drift-x", "drift-y"}  # set on elements by components and ui.js
    unknown = set()
    for path in (theme.TARGET.parent / f"{name}.css" for name in ("base", "shell", "panel", "figures", "layout", "overview", "sources")):
        css = path.read_text("utf-8")
        own = set(re.findall(r"(?:^|[{;\s])--([a-z0-9-]+):", css)) if path.name != "tokens.css" else set()
        unknown |= {f"{path.name}: --{name}" for name in re.findall(r"var\(--([a-z0-9-]+)", css)} - {
            f"{path.name}: --{name}" for name in known | placed | own}
    assert unknown == set()
