"""One run: the test message, the round trip's decisions, and the loop that drives them over two mail servers."""
