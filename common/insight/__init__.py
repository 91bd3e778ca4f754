"""Explanations of a trained recurrent network, and the network itself in plain NumPy."""
