"""How alerts get to their recipients: one module for each kind of way."""
