"""How runs get executed: planning slots, working them off, and recording what came of them."""
