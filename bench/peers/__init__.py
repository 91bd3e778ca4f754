"""The work of each peer of the benchmark, implemented with its library."""
