"""Pictures and files: the newest de-identified frame of a camera, evidence, map layers, the manifest and icon."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any

import redis.exceptions
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response

from core import keys
from core.city import City
from core.errors import NotFound
from core.i18n import t
from core.settings import Settings
from web.access import MAP_FILES
from web.errors import answer
from web.pages import ROOT, city_name, language

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#0a1420"/>
<path d="M14 44V30l9-6 9 6v14m0 0V22l9-8 9 8v22" fill="none" stroke="#5cc8ff" stroke-width="3.6" stroke-linejoin="round"/>
<path d="M10 50h44" stroke="#4fd39a" stroke-width="3.6" stroke-linecap="round"/></svg>"""


def router(settings: Settings, city: City, redis_client: Any) -> APIRouter:
    """The routes; the guard has checked who may have them."""
    made = APIRouter()

    @made.get("/cameras/{camera}/latest.jpg", summary="Newest de-identified picture", tags=["cameras"])
    async def frame(camera: str, request: Request) -> Response:
        if not _NAME.fullmatch(camera):
            raise NotFound("there is no such camera")
        try:
            picture = await redis_client.get(keys.frame(camera))
        except (redis.exceptions.RedisError, OSError):
            return answer(503, "not_ready", "Pictures are not available right now.")
        if picture is None:
            raise NotFound(f"there is no picture of {camera}", camera=camera)
        tag = f'"{hashlib.blake2b(picture, digest_size=8).hexdigest()}"'
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(picture, media_type="image/jpeg", headers=headers)

    @made.get("/evidence/{evidence}", summary="De-identified picture of a finding", tags=["cameras"])
    async def evidence(evidence: str) -> Response:
        name = evidence.removesuffix(".jpg")
        path = settings.data_dir / "evidence" / f"{name}.jpg"
        if not _NAME.fullmatch(name) or not await asyncio.to_thread(path.is_file):
            raise NotFound("there is no such evidence")
        return FileResponse(path, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

    @made.get("/map/{name}", include_in_schema=False)
    async def map_file(name: str) -> Response:
        path = settings.config_dir / MAP_FILES.get(name, "-")
        if name not in MAP_FILES or not path.is_file():
            raise NotFound(f"the city has no map file {name}")
        headers = {"cache-control": "private, max-age=300"}
        return FileResponse(path, media_type="application/geo+json", headers=headers)

    @made.get("/manifest.webmanifest", include_in_schema=False)
    async def manifest(request: Request) -> Response:
        lang = language(request.cookies, request.query_params)
        name = t("sign_in.product", lang, city=city_name(city, lang))
        return JSONResponse(_manifest(name, lang), media_type="application/manifest+json")

    @made.get("/favicon.ico", include_in_schema=False)
    @made.get("/_favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        return Response(ICON, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})

    return made


def _manifest(name: str, lang: str) -> dict[str, Any]:
    folder = ROOT / "assets" / "icons"
    icons = [{"src": f"/assets/icons/{path.name}", "sizes": _size(path), "type": "image/png"}
             for path in sorted(folder.glob("*.png"))] if folder.is_dir() else []
    icons.append({"src": "/favicon.ico", "sizes": "any", "type": "image/svg+xml"})
    return {
        "name": name, "short_name": name, "lang": "zh-CN" if lang == "zh" else "en", "start_url": "/", "scope": "/",
        "display": "standalone", "background_color": "#0a1420", "theme_color": "#0a1420", "icons": icons,
    }


def _size(path: Path) -> str:
    digits = re.search(r"(\d+)", path.stem)
    return f"{digits[1]}x{digits[1]}" if digits else "any"
