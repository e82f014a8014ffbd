"""The product as a user starts it: `app.py run` on free ports and a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on right now."""
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports: list[int] = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Running:
    """A supervised city. `stop()` as Ctrl-C does, `kill()` as a power cut does."""

    def __init__(self, data_dir: Path, *, demo: bool, config: Path, ports: list[int] | None = None) -> None:
        self.ports = ports or free_ports(6)
        web, jt808, hj212, ingest, rtsp, mjpeg = self.ports
        self.base = f"http://127.0.0.1:{web}"
        env = {k: v for k, v in os.environ.items() if not k.startswith("CITY_")}
        env |= {
            "CITY_JT808_PORT": str(jt808), "CITY_HJ212_PORT": str(hj212), "CITY_INGEST_PORT": str(ingest),
        }
        command = [sys.executable, str(ROOT / "app.py"), "run", "--port", str(web), "--data-dir", str(data_dir)]
        command += ["--config", str(config)] + ([] if demo else ["--no-demo"])
        self.lines: list[str] = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def wait(self, what: Callable[[], object], timeout_s: float = 60) -> object:
        """Poll until `what` is true; the log is in the failure."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            value = what()
            if value:
                return value
            if self.process.poll() is not None and not what():
                break
            time.sleep(0.1)
        raise AssertionError("waited in vain; the log:\n" + "\n".join(self.lines[-60:]))

    def link(self) -> str:
        """The sign-in link, once it was printed."""

        def find() -> str:
            return next((m[0] for line in self.lines if (m := re.search(r"http://\S+once=\S+", line))), "")

        return str(self.wait(find))

    def tree(self) -> list[psutil.Process]:
        """The supervisor's living descendants."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, name: str) -> psutil.Process:
        """One process by its command ("web", "runner", ..., "redis-server")."""
        for process in self.tree():
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            if line and (line[-1] == name or line[0].endswith(name)):
                return process
        raise LookupError(name)

    def stop(self) -> int:
        """Ctrl-C, and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill(self) -> None:
        """kill -9 of the supervisor alone."""
        self.process.kill()
        self.process.wait(10)


def all_gone(processes: list[psutil.Process], timeout_s: float = 20) -> list[str]:
    """Names of those still alive after the time-out."""
    _, alive = psutil.wait_procs(processes, timeout=timeout_s)
    return [" ".join(p.cmdline()) for p in alive if p.status() != psutil.STATUS_ZOMBIE]
