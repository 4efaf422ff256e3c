"""Pages of requests: asking, answering, deciding."""
