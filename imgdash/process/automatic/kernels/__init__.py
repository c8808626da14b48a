"""Compiled loops of the automatic parameters: what NumPy can only do line by line and array by array.

The modules are imported where they are called: their compiler takes a quarter of a second and 50 MB. What their callers
have to know is said here.
"""

from typing import Final

import numpy as np

NOTHING: Final = np.float32(1e6)
"""Signal of what lies outside the image or does not belong to it."""
EVERY: Final = 2.0
"""Pixels from ray to ray, and from place to place along one."""
DIRECTIONS: Final = 180
"""Of lines that are looked for."""
WIDTH: Final = 2.0
"""Pixels of one step of a line's offset."""
