"""A camera that speaks multipart MJPEG over HTTP, as cheap cameras do."""

import asyncio

import cv2
import numpy as np


class MjpegServer:
    """Serves a loop of pictures; `frozen` repeats one of them for ever."""

    def __init__(self, pictures: list[np.ndarray], fps: float) -> None:
        self.parts = [cv2.imencode(".jpg", p)[1].tobytes() for p in pictures]
        self.fps, self.frozen, self.port = fps, False, 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
            index = 0
            while True:
                part = self.parts[0 if self.frozen else index % len(self.parts)]
                writer.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(part) + part + b"\r\n")
                await writer.drain()
                index += 1
                await asyncio.sleep(1 / self.fps)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
