"""Words: complete in both languages, stated once, every one that code asks for exists, Chinese nowhere else."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from string import Formatter

from core import i18n
from data_sources.registry import domains
from tests.contracts.tree import ROOT, imported, modules, name, parsed, pattern, texts

KINDS = ("finding.", "panel.", "page.", "measure.", "source.", "domain.")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
READERS = ("data_sources/air/table.py",)  # read published tables: their own words are matched as they come
CLAUSES = ("附录",)  # a standard's own name of a clause


def incomplete(table: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Keys that lack a language, or whose two languages do not take the same values."""
    found = []
    for key, words in table.items():
        if set(words) != set(i18n.LANGS) or not all(words.values()):
            found.append(key)
        elif len({frozenset(field for _, field, _, _ in Formatter().parse(text) if field) for text in words.values()}) != 1:
            found.append(f"{key}: different placeholders")
    return found


def used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, regular expression) of the keys that a module asks for: t("..."), x.t(f"..."), why="...", kind="..."."""
    ours = "core.i18n.t" in imported(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or (isinstance(node.func, ast.Name) and node.func.id == "t" and not ours):
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        asked: list[ast.expr] = list(node.args[:1]) if function == "t" else []
        asked += [k.value for k in node.keywords if k.arg == "why" or (k.arg == "kind" and function == "Finding")]
        for argument in asked:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
                yield node.lineno, re.escape(argument.value)
            elif isinstance(argument, ast.JoinedStr):
                yield node.lineno, pattern(argument)


def unknown(tree: ast.AST, keys: set[str]) -> list[tuple[int, str]]:
    """What `used` finds and no table states."""
    everything = "\n".join(sorted(keys))
    return [(line, key) for line, key in used(tree) if not re.search(rf"^{key}$", everything, re.MULTILINE)]


def chinese(tree: ast.AST) -> list[tuple[int, str]]:
    """Chinese text in code: it belongs into strings.json. A single character is a sign (万, 月), not a text."""
    found = []
    for line, text in texts(tree):
        rest = text
        for word in CLAUSES:
            rest = rest.replace(word, "")
        if len(CHINESE.findall(rest)) > 1:
            found.append((line, text))
    return found


def test_the_checks_can_fail() -> None:
    assert incomplete({"a": {"zh": "甲", "en": ""}, "b": {"zh": "乙"}, "c": {"zh": "{n} 丙", "en": "{m} c"}}) == [
        "a", "b", "c: different placeholders"]
    sample = ast.parse('from core.i18n import t; viewing.t("no.such")\nt(f"road.{state}", lang)\nt(f"rood.{state}", lang)\nReading(why="gone")')
    assert [line for line, _ in unknown(sample, {"road.free", "page.x"})] == [1, 3, 4]
    assert chinese(ast.parse('"""说明"""\nx = "你好"\ny = "附录 C"\nz = "万"')) == [(2, "你好")]


def test_every_string_has_both_languages_and_the_same_placeholders() -> None:
    assert len(i18n.table()) > 100
    assert incomplete(i18n.table()) == []


def test_string_files_are_flat_and_every_one_is_found() -> None:
    stated = 0
    for path in ROOT.rglob("strings.json"):
        if ".venv" in path.parts or "var" in path.parts:
            continue
        rows = json.loads(path.read_text("utf-8"), object_pairs_hook=list)
        keys = [key for key, _ in rows]
        assert len(keys) == len(set(keys)), f"{name(path)}: a key twice"
        stated += len(keys)
    assert stated == len(i18n.table()), "a strings.json lies where core.i18n does not look"


def test_every_key_that_code_asks_for_exists() -> None:
    keys = set(i18n.table())
    wrong = [f"{name(path)}:{line}: {key}" for path in modules("core", "components", "data_sources", "pages", "callbacks",
             "web") for line, key in unknown(parsed(path), keys)]
    assert wrong == []


def test_every_manifest_has_its_words() -> None:
    keys = set(i18n.table())
    wanted = []
    for domain in domains():
        wanted += [f"domain.{domain.name}", *(f"source.{source.id}" for source in domain.sources)]
        for measure in domain.measures:
            wanted += [f"measure.{measure.key}", f"measure.{measure.key}.definition", *(b.key for b in measure.bands)]
    assert [key for key in wanted if key not in keys] == []


def test_chinese_for_people_stands_in_string_tables_only() -> None:
    wrong = [f"{name(path)}:{line}: {text[:40]!r}" for path in modules("core", "components", "pages", "callbacks", "web",
             "data_sources", "service") if "wire" not in path.parts and name(path) not in READERS
             for line, text in chinese(parsed(path))]
    assert wrong == []
