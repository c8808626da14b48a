"""``python -m imgdash.cli``."""

from imgdash.cli import main

main()
