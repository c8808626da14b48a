"""Waiting for what becomes of a request."""

from __future__ import annotations

from imgdash.model import Request
from imgdash.store.store import Store
from tests.helpers import wait_until


def in_state(store: Store, request_id: str, *states: str) -> Request:
    """The request, once it is in one of these states."""
    return wait_until(lambda: (request := store.request(request_id)).state in states and request)


def has_trouble(store: Store, request_id: str, words: str) -> Request:
    """The request, once its trouble has these words."""
    return wait_until(lambda: words in (request := store.request(request_id)).trouble and request)
