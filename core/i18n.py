"""Words for people: every user-facing text is a row of a strings.json, zh-CN first, English complete.

`strings.json` files are flat: {"key": {"zh": "...", "en": "..."}}; placeholders are `{name}`. A key is unique in the product.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")
ROOT = Path(__file__).resolve().parent.parent
FILES = ("core/strings.json", "components/strings.json", "pages/strings.json", "data_sources/*/strings.json")


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """All strings of the product. A key stated twice is an error, whoever states it."""
    merged: dict[str, Mapping[str, str]] = {}
    for pattern in FILES:
        for path in sorted(ROOT.glob(pattern)):
            for key, words in json.loads(path.read_text("utf-8")).items():
                if key in merged:
                    raise ValueError(f"{path.relative_to(ROOT)}: string {key!r} is stated twice")
                merged[key] = words
    return merged


def t(key: str, lang: Lang, **values: object) -> str:
    """The text of `key` in `lang`. An unknown key shows itself as ⟦key⟧, so that it is seen and reported, never hidden."""
    words = table().get(key)
    if words is None:
        return f"⟦{key}⟧"
    text = words[lang]
    return text.format(**values) if values else text
