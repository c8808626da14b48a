"""What can go wrong between a queue and its apparatus; which kind decides who has to wait."""

from __future__ import annotations

from imgdash.model import PeerFailed


class Refused(PeerFailed):
    """The apparatus is there and works, but does not take this image: it counts against the image."""


class Lost(PeerFailed):
    """The association ended, or nothing was answered, while this image was on its way.

    Whose fault it was is not known yet: it counts against the image only once another one got through.
    """


class NoRoom(Lost):
    """The apparatus says that it has no room: for this image, or for any.

    Another one that gets through shows which. But one that has got through between two others does not show that there
    is still room, so an image is set aside only after `attempts` times that others passed it.
    """


class Doubtful(PeerFailed):
    """The film may have been printed, or not: only a person can say it (no double film)."""
