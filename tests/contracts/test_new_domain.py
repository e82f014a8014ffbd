"""scripts/new-domain in a copy of the repository: what it writes passes the tests and the checks at once."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis",
                                  ".import_linter_cache", "node_modules", "images")
NAME = "noise"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with one domain more."""
    root = tmp_path_factory.mktemp("copy") / "repo"
    shutil.copytree(ROOT, root, ignore=LEFT_OUT)
    (root / ".venv").symlink_to(ROOT / ".venv")
    made = run(root, "scripts/new-domain", NAME, "--zh", "噪声", "--en", "Noise", "--unit", "dB")
    assert made.returncode == 0, made.stdout + made.stderr
    return root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python script or module of the copy, seeing nothing of the original."""
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CI")}
    return subprocess.run([sys.executable, *arguments], cwd=root, env=environ, capture_output=True, text=True, timeout=150)


def test_the_tree_passes_its_tests_at_once(copy: Path) -> None:
    """Its own tests, the contracts that look at domains, words, places and docs, and the configuration."""
    contracts = [f"tests/contracts/test_{name}.py" for name in ("domains", "strings", "places", "docs")]
    tested = run(copy, "-m", "pytest", f"tests/{NAME}", *contracts, "tests/city/test_load.py", "--tb=short", "-x",
                 "-k", "not signed_request")
    assert tested.returncode == 0, tested.stdout[-4000:]
    count = re.search(r"(\d+) passed", tested.stdout)
    assert count is not None and int(count[1]) > 60, tested.stdout[-500:]


def test_what_was_written_is_clean(copy: Path) -> None:
    assert "no issues" in (typed := run(copy, "-m", "mypy", f"data_sources/{NAME}")).stdout, typed.stdout
    linted = run(copy, "-m", "ruff", "check", f"data_sources/{NAME}", f"pages/{NAME}.py", f"tests/{NAME}", "data_sources/registry.py")
    assert linted.returncode == 0, linted.stdout


def test_the_domain_has_route_menu_link_permission_and_source(copy: Path) -> None:
    code = f"""
from data_sources.registry import domains
from data_sources.gateway import listeners
from web import access, pages
found = pages.discover()
rules = {{r.path: r.needs for r in access.rules(found, domains())}}
assert rules["/{NAME}"] == ("{NAME}.read",), rules
assert rules["/live/{NAME}/*"] == ("{NAME}.read",)
assert rules["/api/v1/snapshots/{NAME}"] == ("api.read", "{NAME}.read")
assert any(p.name == "{NAME}" and p.group == "operate" for p in found)
assert any(name == "{NAME}" and one.source == "{NAME}-sensor" for name, one in listeners())
"""
    done = run(copy, "-c", code)
    assert done.returncode == 0, done.stderr


def test_a_second_time_and_a_bad_name_are_refused(copy: Path) -> None:
    for name in (NAME, "air", "Two Words", "../etc"):
        refused = run(copy, "scripts/new-domain", name)
        assert refused.returncode != 0 and "Traceback" not in refused.stderr, refused.stderr
