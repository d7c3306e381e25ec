"""Shipped helpers for tests, sandbox and benchmarks: a clock that jumps, fakes, and a loopback mail server with faults."""
