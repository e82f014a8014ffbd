"""Opening and reading video: RTSP over TCP, HTTP-MJPEG, files. Only ever inside a child process: a decoder may abort.

PyAV first (time stamps, key frames without full decoding), cv2.VideoCapture for what PyAV cannot open.
"""

from collections import deque
from pathlib import Path
from typing import Any, Protocol

import av
import cv2
import msgspec
from av.error import FFmpegError, InvalidDataError

from data_sources.cameras.analysis.parameters import Array
from data_sources.cameras.analysis.stillness import working_size

OPEN_TIMEOUT_S, READ_TIMEOUT_S = 4.0, 3.0
LEAST_WIDTH, LEAST_HEIGHT = 96, 72
KEY_PATIENCE_S = 6.0  # longer without a key frame: decode every frame
_INTRA = frozenset({"mjpeg", "rawvideo", "png", "jpeg2000"})
av.logging.set_level(av.logging.PANIC)


class Unreadable(Exception):
    """A video that cannot be used; `reason` is a stable snake_case code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Grab(msgspec.Struct, frozen=True):
    """One step through a video: its own time in seconds (None: it has none), and a BGR picture if it was wanted."""

    pts: float | None
    picture: Array | None


class Reader(Protocol):
    """A video that is open. `next` moves on by one packet; None is the end."""

    def next(self, want: bool, every: bool) -> Grab | None:
        """Move on. `want`: give a picture if this one can be had; `every`: decode all, not only key frames."""

    def close(self) -> None:
        """Let go of sockets and files."""


class AvReader:
    """PyAV: demux everything, decode only what is wanted."""

    def __init__(self, url: str) -> None:
        options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "analyzeduration": "1000000"} if url.startswith("rtsp://") else {}
        self._container = av.open(url, options=options, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S))
        try:
            if not self._container.streams.video:
                raise Unreadable("no_video", "there is no video stream in it")
            self._stream = self._container.streams.video[0]
            self._stream.codec_context.thread_count = 1
            self._timed = self._container.format.name != "mpjpeg"  # multipart carries no times; FFmpeg invents 25 a second
            self._intra = self._stream.codec_context.name in _INTRA
            self._packets = self._container.demux(self._stream)
            self._frames: deque[av.VideoFrame] = deque()
            self._size: tuple[int, int] | None = None
        except BaseException:
            self._container.close()
            raise

    def next(self, want: bool, every: bool) -> Grab | None:
        """See `Reader`."""
        if self._frames:
            return self._show(self._frames.popleft(), want)
        try:
            packet = next(self._packets)
        except StopIteration:
            return None
        pts = float(packet.pts * packet.time_base) if self._timed and packet.pts is not None and packet.time_base else None
        if not every and not (want and (self._intra or packet.is_keyframe)):
            return Grab(pts, None)
        try:
            self._frames.extend(packet.decode() if every else self._alone(packet))
        except InvalidDataError:  # a damaged picture, or one whose key frame we did not see
            return Grab(pts, None)
        return self._show(self._frames.popleft(), want) if self._frames else Grab(pts, None)

    def _alone(self, packet: "av.Packet[Any]") -> list[av.VideoFrame]:
        """Decode a key frame by itself: a decoder that reorders would hand out the one before it."""
        context = self._stream.codec_context
        frames = [*context.decode(packet), *context.decode(None)]
        context.flush_buffers()
        return frames[-1:]

    def _show(self, frame: av.VideoFrame, want: bool) -> Grab:
        pts = frame.time if self._timed else None
        if not want:
            return Grab(pts, None)
        if self._size is None:
            self._size = _checked(frame.width, frame.height)
        width, height = self._size
        return Grab(pts, frame.reformat(width=width, height=height, format="bgr24").to_ndarray())

    def close(self) -> None:
        """See `Reader`."""
        self._container.close()


class CvReader:
    """OpenCV's own reader, for files and MJPEG that PyAV does not open."""

    def __init__(self, url: str) -> None:
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(OPEN_TIMEOUT_S * 1000),
                    cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(READ_TIMEOUT_S * 1000)]
        self._capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, timeouts)
        if not self._capture.isOpened():
            raise Unreadable("not_a_video", "not a video: no reader can open it")
        self._size: tuple[int, int] | None = None

    def next(self, want: bool, every: bool) -> Grab | None:
        """See `Reader`."""
        if not self._capture.grab():
            return None
        pts = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        if not want:
            return Grab(pts, None)
        ok, picture = self._capture.retrieve()
        if not ok:
            return None
        if self._size is None:
            self._size = _checked(picture.shape[1], picture.shape[0])
        return Grab(pts, cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA))

    def close(self) -> None:
        """See `Reader`."""
        self._capture.release()


def open_video(url: str) -> Reader:
    """Open rtsp://, http(s):// or a path. Raises `Unreadable` with a reason for people and counters."""
    local = "://" not in url
    if local:
        path = Path(url)
        if not path.is_file():
            raise Unreadable("no_such_file", "there is no such file")
        if path.stat().st_size == 0:
            raise Unreadable("empty_file", "the file is empty (0 bytes)")
    try:
        return AvReader(url)
    except FFmpegError as error:
        if url.startswith("rtsp://") or (isinstance(error, OSError) and not local):
            raise Unreadable("unreachable", type(error).__name__) from error
    return CvReader(url)


def _checked(width: int, height: int) -> tuple[int, int]:
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        raise Unreadable("too_small", f"the picture is {width}×{height}; at least {LEAST_WIDTH}×{LEAST_HEIGHT} is needed")
    return working_size(width, height)
