"""Files stay small, and hold nothing that belongs to one machine or to a later day."""

import ast
import re
from collections.abc import Sequence

from tests.contracts.tree import ROOT, files, modules, name, parsed

LONGEST_FILE = 350
LONGEST_FUNCTION = 70
LEFT_OVER = re.compile(r"\b(TO[D]O|FIXM[E]|XX[X]|HAC[K])\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|home|Users|root)/\w")
SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b")


def wrong_lines(lines: Sequence[str]) -> list[int]:
    """Numbers of lines with a left-over note, a path of one machine or a secret."""
    return [n for n, line in enumerate(lines, 1)
            if LEFT_OVER.search(line) or MACHINE_PATH.search(line) or SECRET.search(line)]


def long_functions(tree: ast.AST, most: int) -> list[tuple[str, int]]:
    """Functions with more lines than `most`."""
    return [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.end_lineno or 0) - node.lineno >= most]


def test_the_checks_can_fail() -> None:
    assert wrong_lines(["fine", "# TO" + "DO: later", "open('/wo" + "rk/x')", "AKIA" + "A" * 16, "a/work/x"]) == [2, 3, 4]
    assert long_functions(ast.parse("def f():\n" + "    x = 1\n" * 5), 5) == [("f", 6)]


def test_no_source_file_is_long() -> None:
    own = [*modules(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "assets").glob("*.js"), *(ROOT / "benchmarks").glob("*.py")]
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in own if "__pycache__" not in path.parts}
    assert len(lengths) > 50
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_long() -> None:
    found = [f"{name(path)}: {function} {lines}" for path in modules() for function, lines in
             long_functions(parsed(path), LONGEST_FUNCTION)]
    assert found == []


def test_nothing_left_over_nothing_of_one_machine_no_secret() -> None:
    found = [f"{name(path)}:{line}" for path in files() if path.stat().st_size < 1_000_000
             for line in wrong_lines(path.read_text("utf-8", errors="replace").splitlines())]
    assert found == []


def test_every_public_function_says_what_it_does() -> None:
    found = []
    for path in modules("core", "data_sources", "components", "web"):
        for node in parsed(path).body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                if not ast.get_docstring(node):
                    found.append(f"{name(path)}:{node.lineno}: {node.name}")
    assert found == []
