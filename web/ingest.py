"""POST /api/v1/ingest/{source}: handed to the gateway byte for byte; it alone checks signatures and answers."""

import httpx
import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from core.settings import Settings
from web.errors import RESPONSES, answer

BODY_LIMIT = 8 * 1024 * 1024
PASSED = ("content-type", "content-encoding", "x-city-timestamp", "x-city-nonce", "x-city-signature")
log = structlog.get_logger("web.ingest")


def address(settings: Settings) -> str:
    """Where the gateway listens, as seen from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.listen_host, settings.listen_host)
    return f"http://{host}:{settings.ingest_port}"


def router(settings: Settings, client: httpx.AsyncClient) -> APIRouter:
    """The one route."""
    made = APIRouter(prefix="/api/v1", responses=RESPONSES, tags=["ingest"])

    @made.post("/ingest/{source}", summary="Signed events (HMAC-SHA256); one object or a list; an answer per row")
    async def ingest(source: str, request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return answer(413, "too_large", f"At most {BODY_LIMIT} bytes at once.", limit=BODY_LIMIT)
        headers = {name: request.headers[name] for name in PASSED if name in request.headers}
        url = httpx.URL(address(settings)).copy_with(path=f"/api/v1/ingest/{source}")
        try:
            given = await client.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            log.warning("gateway does not answer", error=repr(error))
            made = answer(503, "gateway_down", "The gateway does not answer; nothing was accepted. Send it again later.")
            made.headers["retry-after"] = "5"
            return made
        kept = {name: given.headers[name] for name in ("content-type", "retry-after") if name in given.headers}
        return Response(given.content, given.status_code, kept)

    return made
