"""An apparatus in a process of its own, to be killed: prints its DICOM port, runs until stdin closes."""

from __future__ import annotations

import sys

from imgdash import Apparatus

if __name__ == "__main__":
    with Apparatus(sys.argv[1]) as apparatus:
        print(apparatus.addresses["dicom"][1], flush=True)
        sys.stdin.read()
