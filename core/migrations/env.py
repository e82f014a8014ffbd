"""Alembic's entry: one engine, the product's metadata, no ini file."""

from alembic import context

from core.database import engine, metadata

url = context.config.attributes["url"]
with engine(url).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
