"""Speed and memory of the zoo's layers beside stock Keras and PyTorch, measured side by side on one machine."""
