"""The documents. `python -m docs` (or `make docs`) writes the parts of them that are made from the code."""
