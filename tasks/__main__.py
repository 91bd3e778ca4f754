"""`python -m tasks`: the command line of the zoo."""

from common.cli import main

main()
