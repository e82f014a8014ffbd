"""Server callbacks by behaviour, only for what is personal: selection, drill-down, session."""
