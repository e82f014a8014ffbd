"""Our own small icon set: strokes on a 24-unit grid, drawn in the text colour. No font, nothing fetched."""

import dash_svg as svg
from dash.development.base_component import Component

PATHS: dict[str, tuple[str, ...]] = {
    "overview": ("M4 12a8 8 0 1 1 16 0", "M12 12l4-5", "M4 17h16"),
    "traffic": ("M7 3L4 21", "M17 3l3 18", "M12 4v3", "M12 10.5v3", "M12 17v3"),
    "parking": ("M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z", "M9.5 17V7h3.5a3 3 0 0 1 0 6H9.5"),
    "air": ("M3 9h10.5a2.75 2.75 0 1 0-2.7-3.3", "M3 13h15a2.75 2.75 0 1 1-2.7 3.3", "M3 17h7"),
    "governance": ("M3 7h12a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H3z", "M17 11l4-2.5v7L17 13"),
    "sources": ("M12 20v-6", "M8.5 10.5a5 5 0 0 1 7 0", "M5.5 7.5a9.2 9.2 0 0 1 13 0", "M12 14h.01", "M8 20h8"),
    "cases": ("M8 6h12", "M8 12h12", "M8 18h12", "M4 6h.01", "M4 12h.01", "M4 18h.01"),
    "map": ("M9 4L3 6.5v13L9 17l6 3 6-2.5v-13L15 7z", "M9 4v13", "M15 7v13"),
    "account": ("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20a7.5 7.5 0 0 1 15 0"),
    "menu": ("M5 12h.01", "M12 12h.01", "M19 12h.01"),
    "enlarge": ("M9 4H4v5", "M15 4h5v5", "M9 20H4v-5", "M15 20h5v-5"),
    "table": ("M4 5h16v14H4z", "M4 10h16", "M10 10v9"),
    "export": ("M12 4v11", "M8 11l4 4 4-4", "M5 20h14"),
    "definition": ("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 11v5", "M12 8h.01"),
    "close": ("M6 6l12 12", "M18 6L6 18"),
    "search": ("M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z", "M15.5 15.5L20 20"),
    "theme": ("M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z",),
    "language": ("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M3 12h18", "M12 3c3 3 3 15 0 18", "M12 3c-3 3-3 15 0 18"),
    "help": ("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7", "M12 16.5h.01"),
    "check": ("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M8 12.2l2.8 2.8L16 9.5"),
    "chevron": ("M9 6l6 6-6 6",),
    "camera": ("M4 8h3l2-3h6l2 3h3v11H4z", "M12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z"),
    "wind": ("M12 3l5 17-5-4-5 4z",),
    "bus": ("M5 4h14v13H5z", "M5 11h14", "M8 20v-3", "M16 20v-3"),
    "full": ("M4 9V4h5", "M20 15v5h-5", "M4 4l6 6", "M20 20l-6-6"),
}
SHAPES: dict[str, str] = {
    "alarm": "M12 2.5L22.5 21h-21z",
    "warning": "M12 1.5L22.5 12 12 22.5 1.5 12z",
    "info": "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
    "live": "M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14z",
    "late": "M12 4a8 8 0 0 1 0 16z",
    "bar": "M3 9h18v6H3z",
}


def icon(name: str, class_name: str = "") -> Component:
    """An icon beside a word: decoration for the eye, silent for a screen reader."""
    strokes = [svg.Path(d=d) for d in PATHS[name]]
    return svg.Svg(strokes, viewBox="0 0 24 24", className=f"icon {class_name}".strip(), **{"aria-hidden": "true"})


def shape(name: str, class_name: str = "") -> Component:
    """A filled mark: severity (triangle, diamond, disc) told by form first and by colour second."""
    path = svg.Path(d=SHAPES[name])
    return svg.Svg([path], viewBox="0 0 24 24", className=f"shape shape-{name} {class_name}".strip(), **{"aria-hidden": "true"})
