"""`python -m dataquarantine` is the command line."""

from dataquarantine.cli import main

main(prog_name="dataquarantine")
