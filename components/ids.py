"""Every id that is placed in a page: one factory, so that nobody spells an id twice.

Panel ids are "<page>.<name>"; ids made here are plain strings because the live link sets them from the browser.
"""

CONTENT = "page-content"  # what the location callback fills
LOCATION = "location"
LINK_STATE = "link-state"  # data-link: connecting | live | polling | offline
CLOCK = "clock"
SIMULATED = "simulated-badge"
WORDS = "ui-words"  # words the browser script needs, as JSON in data-words
HELP = "help-overlay"
ENLARGED = "enlarged"
SEARCH = "search"
DRAWER = "drawer"
DRAWER_BODY = "drawer-body"
SELECTED = "selected"  # store: which entity of which page is open in the drawer
ACCOUNT = "account-menu"
MAP = "map"


def panel_frame(panel_id: str) -> str:
    """The frame of a panel: carries data-observed-at, data-cadence-s, data-state."""
    return f"panel:{panel_id}"


def panel_body(panel_id: str) -> str:
    """The body of a panel: its `children` are set by the live link."""
    return f"body:{panel_id}"


def map_layer(layer_id: str) -> str:
    """A map layer placed in the page."""
    return f"layer:{layer_id}"


def nav_item(page: str) -> str:
    """The menu entry of a page."""
    return f"nav:{page}"


def control(page: str, name: str) -> str:
    """A filter or switch on a page."""
    return f"control:{page}:{name}"


def tab(name: str) -> str:
    """A tab of the phone's bar."""
    return f"tab:{name}"
