"""One fact as a source stated it, and one problem as we found it."""

from datetime import datetime
from typing import Literal

import msgspec

Truth = Literal["measured", "estimated", "published", "forecast"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Raw bytes as they came in, before anybody understood them. What a gateway writes to `raw:<domain>`.

    `id` is the stream position ("<ms>-<seq>:<n>"), empty until read back; `peer` names the connection, never a person.
    """

    source: str
    received_at: datetime
    payload: bytes
    peer: str = ""
    id: str = ""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value. `observed_at` is the source's own time; `received_at` is ours.

    Domains with compound facts (a vehicle's fix, a gate event) declare their own frozen struct in `model.py`
    with the same `source`, `entity`, `observed_at`, `received_at`, `flags`.
    """

    source: str
    entity: str
    measure: str
    value: float | None
    unit: str
    observed_at: datetime
    received_at: datetime
    truth: Truth = "measured"
    flags: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A message or a row that was refused, or accepted with a reservation (`kept=True`). Goes to quarantine.

    `reason` is a stable snake_case code that counts are kept under; `detail` is for people; `raw` is what came.
    """

    source: str
    reason: str
    detail: str = ""
    raw: bytes = b""
    entity: str = ""
    received_at: datetime | None = None
    kept: bool = False
