"""Output (F, G): forming the output image, one queue for each output apparatus, storage and film.

`Outputs` is loaded when it is asked for: the worker processes import `imgdash.output.form` and need neither
pynetdicom nor the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgdash.output.outputs import Outputs, QueueStatus

__all__ = ["Outputs", "QueueStatus"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from imgdash.output import outputs

        return getattr(outputs, name)
    raise AttributeError(name)
