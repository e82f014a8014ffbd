"""Docs that cannot lie: generated tables are what the code says, everything public is named, links lead somewhere."""

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from core import settings
from data_sources.registry import domains
from tests.contracts.tree import ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
LATER = {"docs/images/overview-wall.png"}  # drawn from a running city
DOMAIN_HEADINGS = ("## In", "## Method", "## Out", "## Limits")


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    """scripts/docs as a module."""
    loader = SourceFileLoader("docs_script", str(ROOT / "scripts/docs"))
    spec = spec_from_loader("docs_script", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def dead_links(text: str, folder: Path) -> list[str]:
    """Relative links of a document that lead nowhere."""
    return [target for target in LINK.findall(text)
            if "://" not in target and not target.startswith("mailto:") and not (folder / target).exists()
            and str((folder / target).resolve().relative_to(ROOT)) not in LATER]


def test_the_checks_can_fail(docs: ModuleType) -> None:
    stale = "<!-- table: settings -->\n| variable |\n<!-- end -->"
    assert docs.rewritten(stale) != stale and "CITY_PORT" in docs.rewritten(stale)
    assert dead_links("[a](no-such.md) [b](https://example.org/x) [c](README.md)", ROOT) == ["no-such.md"]


def test_generated_tables_are_what_the_code_says(docs: ModuleType) -> None:
    stale = [str(path.relative_to(ROOT)) for path in docs.documents()
             if docs.rewritten(path.read_text("utf-8")) != path.read_text("utf-8")]
    assert stale == [], "run scripts/docs"


def test_every_table_stands_somewhere(docs: ModuleType) -> None:
    stand = {name for path in docs.documents() for _, name, _, _ in docs.MARKED.findall(path.read_text("utf-8"))}
    wanted = set(docs.TABLES) | {f"measures-{domain.name}" for domain in domains()}
    assert wanted - stand == set()


def test_every_setting_is_read(docs: ModuleType) -> None:
    text = (ROOT / "docs/reference.md").read_text("utf-8")
    assert [s.name for s in settings.TABLE if s.name not in text] == []


@pytest.mark.parametrize("name", [domain.name for domain in domains()])
def test_every_domain_has_its_page(name: str) -> None:
    text = (ROOT / "docs/domains" / f"{name}.md").read_text("utf-8")
    assert [heading for heading in DOMAIN_HEADINGS if heading not in text] == []


def test_links_lead_somewhere(docs: ModuleType) -> None:
    dead = [f"{path.relative_to(ROOT)}: {target}" for path in docs.documents()
            for target in dead_links(path.read_text("utf-8"), path.parent)]
    assert dead == []


def test_every_requirement_says_why() -> None:
    text = (ROOT / "docs/dependencies.md").read_text("utf-8")
    missing = []
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / file).read_text("utf-8").splitlines():
            name = re.split(r"[\[<>=~!; ]", line)[0]
            if name and not name.startswith("#") and f"| {name} |" not in text:
                missing.append(name)
    assert missing == []


def test_the_changelog_has_an_entry_for_this_release() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
