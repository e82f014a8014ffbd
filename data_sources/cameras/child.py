"""The process that may abort: decodes and analyses a group of cameras, or one clip. `python -m data_sources.cameras.child`.

Reads one job from standard input, writes messages to standard output, ends when its input closes.
"""

import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import cv2

from data_sources.cameras.clip import analyse
from data_sources.cameras.pipe import Clip, Watch, die_with_parent, framed, jobs, own_stdout, read_framed
from data_sources.cameras.watching import Watching
from data_sources.cameras.wire.worker_messages import Said, encode

MOST_MEMORY_KB = 1_500_000
TICK_S = 0.2
RECYCLE = 75  # exit code: start me again, I have grown too large


def main() -> int:
    """Run the job that standard input holds."""
    die_with_parent()
    cv2.setNumThreads(1)
    out = own_stdout()
    data = read_framed(sys.stdin.buffer)
    if data is None:
        return 0
    job = jobs.decode(data)
    if isinstance(job, Clip):
        out.write(framed(analyse(job)))
        return 0
    return watch(job, out)


def watch(job: Watch, out: BinaryIO) -> int:
    """Watch the cameras until the input closes or a signal comes; the state is saved at the end."""
    halt = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: halt.set())
    threading.Thread(target=_until_input_ends, args=(halt,), daemon=True).start()

    def say(said: Said) -> None:
        data = memoryview(framed(encode(said)))
        while data:
            data = data[out.write(data) :]

    watched = [Watching(camera, Path(job.state_dir), job.sample_s, say) for camera in job.cameras]
    for one in watched:
        one.live.start()
    code = 0
    try:
        while not halt.wait(TICK_S):
            now = time.time()
            for one in watched:
                one.step(now)
            if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MOST_MEMORY_KB:
                code = RECYCLE
                break
    except BrokenPipeError:
        pass
    for one in watched:
        one.live.stop()
        one.save()
    return code


def _until_input_ends(halt: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    halt.set()


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Reader threads may sit in a network read for seconds; everything is saved, so do not wait for them.
    import os

    os._exit(code)
