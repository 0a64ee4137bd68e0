"""The command line by `python -m retrieval.cli`, as torchrun starts it."""

from retrieval.cli import main

# Processes that make training pictures import this module again.
if __name__ == "__main__":
    main()
