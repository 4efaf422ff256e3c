"""The desk's database for tests: migrated once, emptied after each test, reached through the serving roles."""
