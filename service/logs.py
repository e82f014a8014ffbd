"""Readable logs: one line per event, the process's name in front comes from the supervisor."""

import logging
import sys

import structlog

from core.settings import Settings


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's logging once per process."""
    level = getattr(logging, settings.log_level.upper())
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr, force=True)
    for noisy in ("uvicorn.access", "apscheduler", "httpx", "alembic", "libav"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
