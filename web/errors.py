"""Every error of the API has one shape: {"error": {"code", "message", "details"}}."""

from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from core.errors import CityError

CODES = {400: "bad_request", 401: "not_signed_in", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed",
         413: "too_large", 415: "unsupported_media_type", 422: "invalid_request", 503: "not_ready"}
STATUS = {"not_allowed": 403, "not_found": 404, "conflict": 409, "bad_message": 400, "source_down": 503}
log = structlog.get_logger("web.errors")


class ErrorDetail(BaseModel):
    """What went wrong: a stable code, a sentence, and facts."""

    code: str
    message: str
    details: dict[str, Any] = {}


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (401, 403, 404, 422, 503)
}


def answer(status: int, code: str, message: str, **details: Any) -> JSONResponse:
    """An error of the agreed shape."""
    body = {"error": {"code": code, "message": message, "details": details}}
    return JSONResponse(body, status, {"cache-control": "no-store"})


def install(server: FastAPI) -> None:
    """Give the application its error handlers."""

    async def http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        made = answer(error.status_code, CODES.get(error.status_code, "error"), str(error.detail))
        made.headers.update(error.headers or {})
        return made

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        fields = [{"where": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()]
        return answer(422, "invalid_request", "The request is not of the expected form.", fields=fields)

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CityError)
        return answer(STATUS.get(error.code, 400), error.code, error.message, **error.details)

    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", path=request.url.path, exc_info=error)
        return answer(500, "internal", "Something went wrong here; it was recorded.")

    server.add_exception_handler(HTTPException, http)
    server.add_exception_handler(RequestValidationError, invalid)
    server.add_exception_handler(CityError, ours)
    server.add_exception_handler(Exception, unforeseen)
