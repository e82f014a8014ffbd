"""The domains, in menu order. A new domain adds its name here and nothing else."""

from functools import cache
from importlib import import_module

from core.domain import Domain

NAMES: tuple[str, ...] = ("transit", "parking", "air", "cameras")


@cache
def domain(name: str) -> Domain:
    """The manifest of one domain. Loads only `data_sources.<name>` and its model."""
    manifest = import_module(f"data_sources.{name}").DOMAIN
    assert isinstance(manifest, Domain)
    return manifest


def domains() -> tuple[Domain, ...]:
    """All manifests in menu order."""
    return tuple(domain(name) for name in NAMES)
