"""Speed and memory of the zoo's layers compared with stock Keras and PyTorch on one machine."""
