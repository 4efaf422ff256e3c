"""Everything that keeps a desk running on one machine: its data directory, its PostgreSQL, its processes."""
