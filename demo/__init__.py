"""The demo city: a deterministic Lu'an that speaks the vendors' wire formats from outside the product."""
