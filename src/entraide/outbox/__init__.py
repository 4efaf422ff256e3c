"""What changes the outside world, after commit, with a key the other side honours; and news from room to room."""
