"""Use cases, one function a verb, with every cross-field rule; what they need of others is in `ports`."""
