"""Composed pages: what waits for whom, a case in one view, its log; and the demo's story."""
