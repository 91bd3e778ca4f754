"""What a trained recurrent network does, from the numbers of a run, and the network itself in plain NumPy."""
