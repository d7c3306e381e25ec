"""Pure: which slots a monitor has in a window of time."""
