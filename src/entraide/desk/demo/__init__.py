"""The demo: its story, told by the ordinary operations, and the way in for each of its people."""
