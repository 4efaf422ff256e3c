"""The port to the exchange: what may be asked of its back office, and what an answer must look like."""
