"""How imgdash names itself to DICOM peers and in the files it writes (PS3.7 D.3.3.2)."""

from typing import Final

# A UID of our own, made from a random UUID (PS3.5 B.2); it must never change.
IMPLEMENTATION_CLASS_UID: Final = "2.25.141808141852319466634642217784212215222"
IMPLEMENTATION_VERSION_NAME: Final = "IMGDASH_0_1"
