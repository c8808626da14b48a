"""Confirmation (E): judging fitness for storage and film, and the actions of a reviewer.

`judge` is a pure function of the image header; `Actions` are transactions on the store; `retention.sweep`
deletes what was rejected long enough ago.
"""

from imgdash.confirm.actions import Actions
from imgdash.confirm.judge import RULES, judge, missing

__all__ = ["RULES", "Actions", "judge", "missing"]
