"""`python -m dataquarantine.cli`."""

from dataquarantine.cli import main

if __name__ == "__main__":
    main()
