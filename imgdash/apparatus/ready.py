"""Compiled kernels are got ready in the background; who needs them meanwhile waits rather than does it too."""

from __future__ import annotations

import threading
from typing import Final

from imgdash.process import warming

_SECONDS: Final = 60.0


class Ready:
    """Whether kernels can be called without delay; yes, until `prepare` is called."""

    def __init__(self) -> None:
        self._compiled, self._ready = threading.Event(), threading.Event()
        self.stop()

    def prepare(self) -> None:
        """Compile them elsewhere if that was never done here, then load those of forming; returns at once."""
        self._compiled.clear()
        self._ready.clear()
        threading.Thread(target=self._prepare, name="warming", daemon=True).start()

    def wait(self) -> None:
        """Until they are ready; not for ever: they can be compiled when they are called."""
        self._ready.wait(_SECONDS)

    def wait_elsewhere(self) -> None:
        """As `wait`, for who calls them in another process: until that would not have to compile them."""
        self._compiled.wait(_SECONDS)

    @property
    def compiled(self) -> bool:
        """Whether nobody has to compile them any more."""
        return self._compiled.is_set()

    def stop(self) -> None:
        """Nobody waits any more."""
        self._compiled.set()
        self._ready.set()

    def _prepare(self) -> None:
        try:
            warming.compile_elsewhere()
            self._compiled.set()
            warming.warm_forming()
        finally:
            self.stop()
