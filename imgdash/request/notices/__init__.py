"""Telling other machines what becomes of images and steps, each by a switch of the peer (D4, R5, R9).

``contents`` decides who is told what of an event; ``status``, ``availability``, ``study`` and ``steps`` write it down;
``sending`` sends it; ``outbox`` keeps it until it is sent.
"""

from imgdash.request.notices.outbox import Outbox

__all__ = ["Outbox"]
