"""Everything that produces data. Nothing is imported here, so that the web process loads only what it names."""
