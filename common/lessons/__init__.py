"""The documents that teach: where their numbers, pictures and outputs come from."""
