"""The pipe between a worker and its child: length-prefixed messages; the end of the pipe is the end of the child."""

import contextlib
import ctypes
import os
import signal
import struct
import sys
from typing import BinaryIO

import msgspec

from data_sources.cameras.analysis.parameters import DEFAULT
from data_sources.cameras.model import Camera, Zone

LENGTH = struct.Struct("<I")
MOST = 16 * 1024 * 1024
_PR_SET_PDEATHSIG = 1


class Watch(msgspec.Struct, frozen=True, kw_only=True, tag="watch"):
    """Job: watch these cameras live until told to stop."""

    cameras: list[Camera]
    state_dir: str
    sample_s: float = DEFAULT.sample_s


class Clip(msgspec.Struct, frozen=True, kw_only=True, tag="clip"):
    """Job: analyse one file as fast as it decodes. `times` are POSIX seconds per frame, empty: the file's own."""

    path: str
    zones: list[Zone]
    times: list[float] = []
    sample_s: float = DEFAULT.sample_s


Job = Watch | Clip
jobs: msgspec.msgpack.Decoder[Job] = msgspec.msgpack.Decoder(Job)


def framed(data: bytes) -> bytes:
    """A message with its length before it."""
    return LENGTH.pack(len(data)) + data


def read_framed(stream: BinaryIO) -> bytes | None:
    """The next message of a blocking stream; None at its end, also inside a message."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    if length > MOST:
        return None
    data = stream.read(length)
    return data if len(data) == length else None


def own_stdout() -> BinaryIO:
    """Keep the real standard output for messages and send whatever native code prints to standard error."""
    sys.stdout.flush()
    kept = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return kept


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent dies; elsewhere the closed pipe does."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
