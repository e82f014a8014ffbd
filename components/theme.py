"""Design tokens: the only place where a colour or a size is stated. `css()` writes them to assets/tokens.css.

Colour is kept for meaning. Everything that is not a state is ink, paper or the one accent.
`python -m components.theme` rewrites the file; a test compares it.
"""

from collections.abc import Mapping
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "assets" / "tokens.css"

# HJ 633-2012 table 2 / HJ 633-2026: RGB of the six levels, exactly, in both themes.
AQI = {f"aqi-{i}": "#" + "".join(f"{c:02x}" for c in rgb) for i, rgb in enumerate(
    ((0, 228, 0), (255, 255, 0), (255, 126, 0), (255, 0, 0), (153, 0, 76), (126, 0, 35)), start=1)}

DARK: dict[str, str] = {
    "bg": "#0a1420",
    "panel": "#0f1c2c",
    "panel-2": "#14253a",
    "line": "#1d2f45",
    "line-2": "#33495f",
    "text": "#e9eff7",
    "text-2": "#a8bacd",
    "text-3": "#8fa4ba",
    "accent": "#5cc8ff",
    "accent-2": "#2c6d97",
    "on-accent": "#04121d",
    "ok": "#4fd39a",
    "late": "#ffc14d",
    "bad": "#ff7b7e",
    "alarm": "#ff6b6f",
    "warning": "#ffb020",
    "info": "#8fb6dc",
    "sim": "#ffd27a",
    "sim-line": "#6f5a1f",
    "sim-ground": "#241d0c",
    "shade": "rgba(4, 10, 17, .72)",
    # GB/T 33171-2016 6.1: five states from green to dark red; unknown is not green.
    "road-free": "#2fa36b",
    "road-basic": "#93c355",
    "road-light": "#f2c53d",
    "road-moderate": "#f08a35",
    "road-severe": "#d63a44",
    "road-unknown": "#4a6079",
    "load-easy": "#4aa8a0",
    "load-busy": "#6ba6ea",
    "load-tight": "#f0b03a",
    "load-full": "#ee6a5e",
    "map-land": "#0c1826",
    "map-district": "#12233a",
    "map-edge": "#2b4460",
    "map-water": "#12304d",
    "map-label": "#9db2c8",
}

LIGHT: dict[str, str] = {
    "bg": "#f5f4f0",
    "panel": "#ffffff",
    "panel-2": "#f0efea",
    "line": "#e2e1da",
    "line-2": "#b9bbb8",
    "text": "#16202b",
    "text-2": "#4c5a67",
    "text-3": "#5e6a75",
    "accent": "#0b6795",
    "accent-2": "#8fbcd4",
    "on-accent": "#ffffff",
    "ok": "#17703f",
    "late": "#8a5600",
    "bad": "#b3262d",
    "alarm": "#c1272f",
    "warning": "#965700",
    "info": "#3d6488",
    "sim": "#745100",
    "sim-line": "#d9bb6c",
    "sim-ground": "#fff7e2",
    "shade": "rgba(22, 32, 43, .42)",
    "road-free": "#1f9a5d",
    "road-basic": "#86b232",
    "road-light": "#e6b117",
    "road-moderate": "#e2741f",
    "road-severe": "#b3202b",
    "road-unknown": "#a9b0b5",
    "load-easy": "#2f8f88",
    "load-busy": "#3a7fc4",
    "load-tight": "#d18e12",
    "load-full": "#c8463b",
    "map-land": "#eceae3",
    "map-district": "#f7f6f2",
    "map-edge": "#c3c4bf",
    "map-water": "#cfe0ea",
    "map-label": "#4c5a67",
}

# Type and space per portal. The wall's rem is 1/60 of the screen height (1.667 vh), so .98rem is 1.63 % of it and
# 3.05rem is 5.08 %; the desk and the phone count in pixels.
SIZES: dict[str, dict[str, str]] = {
    "wall": {
        "text-xs": "1rem", "text-s": "1.08rem", "text-m": "1.2rem", "text-l": "1.42rem", "text-xl": "1.75rem",
        "figure-s": "1.9rem", "figure": "3.1rem", "figure-l": "4.3rem",
        "gap": ".7rem", "pad": ".85rem", "radius": ".45rem", "hair": "max(1px, .06rem)", "stroke": "max(1.5px, .13rem)",
        "head": "3.7rem", "target": "2.4rem", "row": "2.3rem",
    },
    "desk": {
        "text-xs": "12px", "text-s": "12.5px", "text-m": "14px", "text-l": "16px", "text-xl": "19px",
        "figure-s": "20px", "figure": "30px", "figure-l": "38px",
        "gap": "10px", "pad": "12px", "radius": "8px", "hair": "1px", "stroke": "1.75px",
        "head": "48px", "target": "28px", "row": "28px",
    },
    "phone": {
        "text-xs": "12px", "text-s": "13px", "text-m": "15px", "text-l": "17px", "text-xl": "20px",
        "figure-s": "22px", "figure": "34px", "figure-l": "44px",
        "gap": "10px", "pad": "14px", "radius": "14px", "hair": "1px", "stroke": "2px",
        "head": "56px", "target": "44px", "row": "44px",
    },
}

FONTS = ('"Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", '
         'system-ui, "Segoe UI", sans-serif')


def channels(color: str) -> tuple[int, int, int]:
    """"#ff7e00" -> (255, 126, 0)."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def luminance(color: str) -> float:
    """Relative luminance of WCAG 2.2, 0..1."""
    parts = [c / 255 for c in channels(color)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, 1..21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def on(color: str) -> str:
    """The ink, black or white, that reads better on `color`."""
    return max(("#06090d", "#ffffff"), key=lambda ink: contrast(ink, color))


def with_inks(tokens: Mapping[str, str]) -> dict[str, str]:
    """Tokens plus `on-<token>` for every state colour that text may be set on."""
    every = {**tokens, **AQI}
    inks = {f"on-{name}": on(color) for name, color in every.items()
            if name.startswith(("aqi-", "road-", "load-")) or name in ("alarm", "warning", "info")}
    return {**every, **inks}


def color(token: str) -> str:
    """CSS for a theme token: "aqi-2" -> "var(--aqi-2)"."""
    return f"var(--{token})"


def _block(selector: str, values: Mapping[str, str], *extra: str) -> str:
    rows = [*extra, *(f"--{name}: {value};" for name, value in values.items())]
    return selector + " {\n" + "\n".join(f"  {row}" for row in rows) + "\n}\n"


def css() -> str:
    """The whole of assets/tokens.css."""
    return "\n".join((
        "/* Generated from components/theme.py by `python -m components.theme`. Do not edit. */",
        _block(":root", with_inks(LIGHT), "color-scheme: light;", f"--font: {FONTS};"),
        _block(':root[data-theme="dark"]', with_inks(DARK), "color-scheme: dark;"),
        *(_block(f':root[data-portal="{portal}"]' if portal != "desk" else f':root, :root[data-portal="{portal}"]',
                 sizes) for portal, sizes in sorted(SIZES.items())),
    ))


if __name__ == "__main__":
    TARGET.write_text(css(), "utf-8")
