"""Data packages: collect what was approved and nothing else, seal it, prove it, hand it to one officer."""
