"""Dumb, reusable view parts. They know snapshots and strings, never sources."""
