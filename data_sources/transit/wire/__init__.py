"""Vehicle wire formats: bytes to frames to positions, pure."""
