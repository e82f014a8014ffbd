"""The product's own source files, read once: what the contract tests look at."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "components", "data_sources", "pages", "callbacks", "web", "service", "demo")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".csv", ".geojson", ".js", ".css", ".conf", ".txt", ".html", ".svg", ""}
SKIPPED = {".git", ".venv", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache",
           "node_modules", ".pytest_cache"}


def files(root: Path = ROOT) -> Iterator[Path]:
    """Every text file of the repository, without what tools leave behind."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and path.suffix in TEXT and not SKIPPED & set(parts):
            yield path


def modules(*packages: str, root: Path = ROOT) -> list[Path]:
    """Python files of the named packages (default: all of the product) and `app.py`."""
    found = [path for package in packages or PACKAGES for path in sorted((root / package).rglob("*.py"))]
    return found if packages else [*found, root / "app.py"]


@cache
def parsed(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text("utf-8"), str(path))


def name(path: Path) -> str:
    """A path as people say it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def imported(tree: ast.AST) -> set[str]:
    """Full names of everything a module imports, wherever in it: "a.b" and, for `from a import b`, "a.b" too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, value) of every string constant that is not a docstring; parts of f-strings included."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def pattern(node: ast.JoinedStr) -> str:
    """An f-string as a regular expression: anything where a value stands."""
    return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[^ ]+" for part in node.values)
