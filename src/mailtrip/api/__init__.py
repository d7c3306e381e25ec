"""The HTTP API: a thin shell over `service`."""
