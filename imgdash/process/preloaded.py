"""Imported by the process that workers are forked from: they have the compiled kernels from the first.

Else each of them would load the compiler and its kernels with its first image: a second, and 120 MB that all can share.
"""

from __future__ import annotations

import logging

import cv2

from imgdash.process import warming

# Threads of the process that is forked are not there in the forked one.
cv2.setNumThreads(1)
# Never compiled here: a worker could not start meanwhile.
if warming.stamp().exists():
    try:
        warming.warm()
    except Exception:  # of the compiler or its files: workers start, and find it themselves
        logging.getLogger(__name__).exception("the kernels were not loaded ahead")
