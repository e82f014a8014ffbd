"""The web process: pages, live link, pictures and API on one ASGI application, guarded as a whole."""
