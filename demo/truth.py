"""The sealed truth log: `<data-dir>/truth/YYYY-MM-DD.jsonl`. Only the scoring command reads it; the product never does."""

import json
from pathlib import Path
from typing import Any

from demo.wire.hj212 import stamp


class TruthLog:
    """Appends one JSON object a line to the file of the local day of its time."""

    def __init__(self, data_dir: Path, seed: int) -> None:
        self.folder, self.seed = data_dir / "truth", seed
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def write(self, kind: str, at: float, **values: Any) -> None:
        """One fact: what kind, POSIX seconds, and its values."""
        row = {"kind": kind, "at": round(at, 3), "seed": self.seed, **values}
        day = stamp(at)
        path = self.folder / f"{day[:4]}-{day[4:6]}-{day[6:8]}.jsonl"
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def read(data_dir: Path) -> list[dict[str, Any]]:
    """All facts by time; facts written twice by a restart count once. A torn last line is left out."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((data_dir / "truth").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            found[f"{row['kind']}|{row['at']}|{row.get('id', '')}"] = row
    return sorted(found.values(), key=lambda r: float(r["at"]))
