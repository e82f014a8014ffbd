"""For all tests: where the shared vectors and recordings are, and what counts as a failure on the build server."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

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
def _logs_of_this_test_only() -> Iterator[None]:
    """A command run inside the test process sets logging up on the stream of its own moment; later tests must not meet it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's CITY_* variables must not change what a test sees."""
    for name in [name for name in os.environ if name.startswith("CITY_")]:
        monkeypatch.delenv(name)


ALLOWED = ("../shared",)  # reasons to skip that hold on the build server too


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """With CI=true a skipped test is a failed one: there, every part that a test needs was asked for."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(call.excinfo.value) if call.excinfo else ""
        if not any(allowed in reason for allowed in ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: skipped on the build server: {reason}"
    return report
