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

import httpx
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

    def __init__(
        self, data_dir: Path, *, demo: bool, config: Path, ports: list[int] | None = None, database_url: str = ""
    ) -> None:
        self.data_dir = data_dir
        self.ports = ports or free_ports(4)
        web, self.jt808, self.hj212, self.ingest = self.ports
        self.base = f"http://127.0.0.1:{web}"
        env = {k: v for k, v in os.environ.items() if not k.startswith("CITY_")}
        env |= {
            "CITY_JT808_PORT": str(self.jt808), "CITY_HJ212_PORT": str(self.hj212), "CITY_INGEST_PORT": str(self.ingest),
        }
        if database_url:
            env["CITY_DATABASE_URL"] = database_url
        command = [sys.executable, str(ROOT / "app.py"), "run", "--port", str(web), "--data-dir", str(data_dir)]
        command += ["--config", str(config)] + ([] if demo else ["--no-demo"])
        self.lines: list[str] = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def wait(self, what: Callable[[], object], timeout_s: float = 60) -> object:
        """Poll until `what` is true; the log is in the failure."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            try:
                if value := what():
                    return value
            except (LookupError, httpx.TransportError):
                pass  # not there yet, or just going
            if ended:
                self._reader.join(5)
                if value := what():
                    return value
                break
            time.sleep(0.1)
        raise AssertionError("waited in vain; the log:\n" + "\n".join(self.lines[-60:]))

    def link(self) -> str:
        """The sign-in link, once it was printed."""

        def find() -> str:
            return next((m[0] for line in self.lines if (m := re.search(r"http://\S+once=\S+", line))), "")

        return str(self.wait(find))

    def sign_in(self) -> httpx.Client:
        """A browser of the administrator, by the printed link."""
        client = httpx.Client(timeout=10, follow_redirects=True, trust_env=False, base_url=self.base)
        answer = client.get(self.link())
        assert answer.status_code == 200 and client.get("/session").json()["role"] == "admin", answer.text[:500]
        return client

    def ready(self) -> int:
        """Status of /readyz; 0 while nobody answers."""
        try:
            return httpx.get(f"{self.base}/readyz", timeout=10, trust_env=False).status_code
        except httpx.HTTPError:
            return 0

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
            if line and (line[-1] == name or name in line[0].split()[0]):  # Redis rewrites its own command line
                return process
        raise LookupError(name)

    def replaced(self, name: str, pid: int) -> bool:
        """Whether the process runs as another one than `pid`."""
        try:
            return self.child(name).pid != pid
        except LookupError:
            return False

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
