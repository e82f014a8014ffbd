"""For all tests: where the shared vectors and recordings are, and what counts as a failure on the build server."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = (ROOT / "../shared").resolve()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of vectors and recordings beside the repository; it is not part of it."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside the repository: vectors and recordings are kept apart from it")
    return SHARED


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's CITY_* variables must not change what a test sees."""
    for name in [name for name in os.environ if name.startswith("CITY_")]:
        monkeypatch.delenv(name)
