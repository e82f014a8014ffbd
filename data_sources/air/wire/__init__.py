"""HJ 212 wire format: bytes to reports and answers. Pure."""
