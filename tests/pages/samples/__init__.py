"""Snapshots of an ordinary morning, made by plain arithmetic from the city's own tables: the same on every run."""

from core.snapshot import Snapshot
from tests.pages.samples.base import NOW, ROOT, city, viewing
from tests.pages.samples.places import air, parking
from tests.pages.samples.roads import transit
from tests.pages.samples.sights import cameras

__all__ = ["NOW", "ROOT", "air", "cameras", "city", "every", "parking", "transit", "viewing"]


def every() -> dict[str, Snapshot]:
    """All four domains on an ordinary morning."""
    return {"transit": transit(), "parking": parking(), "air": air(), "cameras": cameras()}
