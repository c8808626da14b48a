"""Domain types of the image management apparatus; imports nothing else of imgdash."""

from imgdash.model.condition import Condition, Selection
from imgdash.model.errors import ImgdashError, NotAllowed, NotFound, PeerFailed, RecordsFailed, Unreadable
from imgdash.model.image import Finding, ImageHeader, Judgement, Order, Patient
from imgdash.model.lifecycle import IMAGE, LIFECYCLES, NOTE, QUEUE, REQUEST, Lifecycle
from imgdash.model.queue import Event, QueueEntry
from imgdash.model.request import ASKS, Addressee, Ask, Policy, Request
from imgdash.model.roles import APPARATUS, NEEDS, ROLES, WORDS, Actor, Role

__all__ = [
    "APPARATUS",
    "ASKS",
    "IMAGE",
    "LIFECYCLES",
    "NEEDS",
    "NOTE",
    "QUEUE",
    "REQUEST",
    "ROLES",
    "WORDS",
    "Actor",
    "Addressee",
    "Ask",
    "Condition",
    "Event",
    "Finding",
    "ImageHeader",
    "ImgdashError",
    "Judgement",
    "Lifecycle",
    "NotAllowed",
    "NotFound",
    "Order",
    "Patient",
    "PeerFailed",
    "Policy",
    "QueueEntry",
    "RecordsFailed",
    "Request",
    "Role",
    "Selection",
    "Unreadable",
]
