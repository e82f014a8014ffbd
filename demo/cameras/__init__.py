"""Rendered camera scenes and the two servers that stream them."""
