"""Sessions: connect to a peer and run programs with it, or run both parties in this process."""
