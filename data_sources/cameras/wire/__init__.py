"""Formats of this domain: bytes in, observations and problems out."""
