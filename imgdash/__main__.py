"""``python -m imgdash`` is the program ``imgdash``."""

from imgdash.cli import main

if __name__ == "__main__":
    main()
