"""The numbers, figures and outputs of the documents that teach."""
