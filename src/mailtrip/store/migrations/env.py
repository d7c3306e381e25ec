"""What Alembic runs: the migrations, on the connection and in the transaction of `mailtrip.store.migrate`."""

from alembic import context

from mailtrip.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
