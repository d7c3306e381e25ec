"""SQL and nothing else: tables, migrations, and plain functions from a connection to model values."""
