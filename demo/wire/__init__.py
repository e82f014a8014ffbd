"""The demo's own encoders of the vendors' wire formats."""
