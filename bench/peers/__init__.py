"""What each peer of the bench does, in the form of its own library."""
