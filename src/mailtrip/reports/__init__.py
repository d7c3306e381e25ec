"""What measurements add up to: pure functions from values to figures, without I/O."""
