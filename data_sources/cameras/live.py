"""A live camera inside a child process: one thread that keeps the newest picture, and reopens what broke."""

import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from av.error import ExitError, FFmpegError

from data_sources.cameras.analysis.parameters import Array
from data_sources.cameras.video import KEY_PATIENCE_S, Reader, Unreadable, open_video

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
MOST_LAG_S, LAG_HOLD_S = 2.0, 5.0  # a burst after a stall catches up by itself


class Newest(msgspec.Struct, frozen=True):
    """A picture (BGR at the working size) and when it came in (POSIX seconds)."""

    at: float
    picture: Array


class Live(threading.Thread):
    """Reads one camera until `stop`. What is not taken from the slot in time is replaced, never queued.

    The time of a picture is when it arrived: cameras' own clocks are not in RTP without RTCP sender reports. How far
    wall time has drifted from the stream's time stamps is `lag_s`; beyond 2 s the stream is opened afresh.
    """

    def __init__(self, name: str, url: str, every_s: float) -> None:
        super().__init__(name=f"video-{name}", daemon=True)
        self._url, self._file = _place(url)
        self._every_s = every_s  # a picture at most so often
        self._halt = threading.Event()
        self._slot: Newest | None = None
        self.last_frame_at: float | None = None
        self.last_packet_at: float | None = None
        self.lag_s: float | None = None
        self.reconnects = 0
        self.detail = ""
        self.connected = False

    def stop(self) -> None:
        """Ask the thread to end; it does within a read time-out."""
        self._halt.set()

    def take(self) -> Newest | None:
        """The newest picture not yet taken."""
        newest, self._slot = self._slot, None
        return newest

    def run(self) -> None:
        """Open, read, and open again with growing pauses; a stream that ran for a minute starts from the shortest."""
        failures = 0
        while not self._halt.is_set():
            began = time.monotonic()
            try:
                reader = open_video(self._url)
                try:
                    self._read(reader)
                finally:
                    reader.close()
                self.detail = "" if self._file else self.detail or "stream_ended"
            except Unreadable as error:
                self.detail = error.reason
            except (FFmpegError, OSError) as error:
                self.detail = "timeout" if isinstance(error, ExitError) else "read_failed"
            self.connected = False
            if self._halt.is_set():
                return
            self.reconnects += 1
            failures = 0 if time.monotonic() - began > 60 else failures + 1
            if not (self._file and not self.detail):
                self._halt.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1] if failures else BACK_OFF_S[0])

    def _read(self, reader: Reader) -> None:
        opened, base, every, picture_at = time.monotonic(), float("inf"), self._file, 0.0
        first_pts: float | None = None
        behind_since: float | None = None
        while not self._halt.is_set():
            now = time.monotonic()
            grab = reader.next(now - picture_at >= self._every_s or not picture_at, every)
            if grab is None:
                return
            now, wall = time.monotonic(), time.time()
            self.last_packet_at, self.connected = wall, True
            if grab.pts is not None:
                first_pts = grab.pts if first_pts is None else first_pts
                if self._file:
                    self._halt.wait(max(0.0, grab.pts - first_pts - (now - opened)))
                base = min(base, now - grab.pts)
                self.lag_s = None if self._file else round(now - grab.pts - base, 2)
                behind = self.lag_s is not None and self.lag_s > MOST_LAG_S
                behind_since = (behind_since or now) if behind else None
                if behind_since is not None and now - behind_since > LAG_HOLD_S:
                    self.detail = "lag"
                    return
            if grab.picture is not None:
                picture_at = now
                self.last_frame_at, self.detail = time.time(), ""
                self._slot = Newest(self.last_frame_at, grab.picture)
            elif not every and now - (picture_at or opened) > KEY_PATIENCE_S:
                every = True


def _place(url: str) -> tuple[str, bool]:
    """(what to open, whether it is a file, which is then played at its own pace, over and over)."""
    if not url.startswith("file:"):
        return url, False
    parts = urlsplit(url)
    return str(Path(unquote(parts.netloc + parts.path))), True
