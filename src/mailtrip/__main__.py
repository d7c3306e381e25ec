"""`python -m mailtrip`: the same as the command `mailtrip`."""

from mailtrip.cli import main

main()
