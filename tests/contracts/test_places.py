"""Things that have one place: Redis keys, the environment, the clock, core's file list."""

import ast
import re

from tests.contracts.tree import PACKAGES, ROOT, modules, name, parsed, texts

KEY = re.compile(r"^city:[a-z_]+(:|$)")
ENVIRONMENT = ("core/settings.py",)
CLOCKLESS = {"wire", "build", "model", "merge", "draw", "state"}
CORE = {
    "__init__", "accounts", "audit", "auth", "calendar", "city", "clock", "database", "domain", "errors", "geo", "history",
    "i18n", "keys", "measure", "observation", "secret", "settings", "snapshot", "store", "tables",
}


def keys_spelled(tree: ast.AST) -> list[tuple[int, str]]:
    """String constants that look like a Redis key of ours."""
    return [(line, text) for line, text in texts(tree) if KEY.match(text)]


def environment_reads(tree: ast.AST) -> list[int]:
    """Lines that touch os.environ, os.getenv or os.putenv."""
    return [node.lineno for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv", "environb")
            and isinstance(node.value, ast.Name) and node.value.id == "os"]


def clock_reads(tree: ast.AST) -> list[int]:
    """Lines that ask what time it is, or for a random number."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            base = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if (base, node.func.attr) in {("datetime", "now"), ("datetime", "utcnow"), ("clock", "now"), ("time", "time"),
                                          ("time", "monotonic"), ("date", "today"), ("datetime", "today")}:
                found.append(node.lineno)
            if base in ("random", "secrets", "uuid"):
                found.append(node.lineno)
    return found


def test_the_checks_can_fail() -> None:
    assert keys_spelled(ast.parse('"""city:raw:x"""\nx = "city:raw:air"\ny = "city"')) == [(2, "city:raw:air")]
    assert environment_reads(ast.parse("import os\nos.environ['A']\nos.getenv('B')\nself.environ")) == [2, 3]
    assert clock_reads(ast.parse("datetime.now(UTC)\nclock.now()\nrandom.random()\nx.now_is")) == [1, 2, 3]


def test_redis_keys_are_spelled_in_keys_only() -> None:
    assert keys_spelled(parsed(ROOT / "core/keys.py"))
    wrong = [f"{name(path)}:{line}: {key}" for path in modules() if name(path) != "core/keys.py"
             for line, key in keys_spelled(parsed(path))]
    assert wrong == []


def test_the_environment_is_read_in_settings_only() -> None:
    assert environment_reads(parsed(ROOT / "core/settings.py"))
    wrong = [f"{name(path)}:{line}" for path in modules() if name(path) not in ENVIRONMENT
             for line in environment_reads(parsed(path))]
    assert wrong == []


def test_the_pure_middle_reads_no_clock_and_draws_no_lots() -> None:
    looked_at = [path for path in modules("data_sources", "pages", "components")
                 if name(path).startswith(("pages/", "components/")) or CLOCKLESS & (set(path.parts) | {path.stem})]
    assert len(looked_at) > 20
    assert [f"{name(path)}:{line}" for path in looked_at for line in clock_reads(parsed(path))] == []


def test_core_keeps_a_closed_list_of_files() -> None:
    assert {path.stem for path in (ROOT / "core").glob("*.py")} <= CORE
    assert {path.name for path in (ROOT / "core").iterdir() if path.is_dir()} <= {"migrations", "__pycache__"}


def test_packages_have_names_that_say_something() -> None:
    empty_words = {"utils", "util", "helper", "helpers", "common", "misc", "manager", "base2", "stuff"}
    wrong = [name(path) for path in modules(*PACKAGES) if set(re.split(r"[_/.]", name(path))) & empty_words]
    assert wrong == []
