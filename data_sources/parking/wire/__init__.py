"""Parking wire formats: bytes to events. Pure."""
