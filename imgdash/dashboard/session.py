"""One browser tab: who acts, what happens in the apparatus, work in threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.document import Document
from panel.io.state import set_curdoc

from imgdash.dashboard.turns import Turns
from imgdash.model import Actor, Event, ImgdashError, NotFound

if TYPE_CHECKING:
    from imgdash.apparatus import Apparatus

_LOG = logging.getLogger(__name__)
# Shared by all tabs: actions wait for the disk, not for the processor.
_POOL = ThreadPoolExecutor(8, thread_name_prefix="dashboard")
# A burst of events becomes one update of the page, and where they do not end there are two updates a second: each
# costs every tab of the station time that somebody's key may wait for.
_GATHER_MS, _PAUSE_MS = 60, 500

Listener = Callable[[Sequence[Event]], None]
Enter = Callable[[Callable[[], None]], None]


class Session:
    """What pages get: the apparatus, the actor, and a way to and from threads.

    Attributes
    ----------
    apparatus, document
        The facade that is called, and the Bokeh document of the tab.
    go
        ``go(page, **query)`` shows another page; set by the shell.
    address
        ``address(**query)`` puts what the page shows into the address.
    tags
        ``tags(image_id)`` opens the header of an image, attribute by attribute.
    keys, rekey
        ``keys()`` opens the sheet of keys; ``rekey()`` after a page's keys changed.
    edits
        What changes an image, one after another.
    tell
        ``tell(text, kind="info", detail="", *, does=None, seconds=None, about="", lasting=())`` says it on the line
        below the page; kinds: info, success, warning, error. `does`: words on a button → what it does; `seconds`: how
        long it stays, by kind if None; what is said `about` the same replaces what was said before; `lasting`: words
        of the buttons that stay with it in the list of messages.

    Parameters
    ----------
    enter
        Calls a function in the thread of the server, from any thread; at once if None.
    """

    def __init__(self, apparatus: Apparatus, actor: Actor, document: Document, enter: Enter | None = None) -> None:
        self.apparatus = apparatus
        self._actor = actor
        self._account = actor in apparatus.users.all()
        self.document = document
        self._enter = enter or _at_once
        self.go: Callable[..., None] = _nowhere
        self.tell: Callable[..., None] = _nowhere
        self.withdraw: Callable[..., None] = _nowhere
        self.address: Callable[..., None] = _nowhere
        self.rekey: Callable[..., None] = _nowhere
        self.tags: Callable[..., None] = _nowhere
        self.keys: Callable[..., None] = _nowhere
        # What the browser of this tab got at its login; all tabs that have it end together.
        self.ticket = ""
        self.edits = Turns(self)
        self.closed = False
        self._held_back: list[Callable[[], None]] | None = None
        self._listeners: list[Listener] = []
        self._at_close: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._gathered: list[Event] = []
        self._delivered = 0.0
        self._unsubscribe = apparatus.subscribe(self._happened)

    @property
    def actor(self) -> Actor:
        """Who acts, with the role that he has now: a role that was changed counts at the next action."""
        if not self._account:
            return self._actor
        try:
            return self.apparatus.users.role(self._actor.name)
        except NotFound:
            return Actor(self._actor.name, "nobody")

    # -- events -------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Call `listener` in the document with the events of the apparatus, gathered."""
        self._listeners.append(listener)

    def _happened(self, events: Sequence[Event]) -> None:
        """In the apparatus' writer thread: hand over and return."""
        with self._lock:
            first = not self._gathered
            self._gathered.extend(events)
            since_ms = round(1000 * (time.monotonic() - self._delivered))
        if first:
            self._later(self._deliver, max(_GATHER_MS, _PAUSE_MS - since_ms))

    def _deliver(self) -> None:
        with self._lock:
            events, self._gathered = self._gathered, []
            self._delivered = time.monotonic()
        for listener in self._listeners:
            listener(events)

    def _later(self, function: Callable[[], None], milliseconds: int = 0) -> None:
        """Run `function` in the document; callable from any thread, quiet once the tab is gone."""
        if self.closed:
            return

        def inside() -> None:
            if self._held_back is not None:
                self._held_back.append(inside)
            elif not self.closed:
                # One message to the browser for all that a turn changes: each costs a walk over all models.
                with set_curdoc(self.document), pn.io.hold(self.document):
                    function()

        # Never of the document itself from another thread: while a turn holds back what it changes, the document would
        # hold back that somebody asked for a turn, too, and now and then forget it.
        self._enter(lambda: self._ask_turn(inside, milliseconds))

    def _ask_turn(self, inside: Callable[[], None], milliseconds: int) -> None:
        if self.closed:
            return
        if milliseconds:
            self.document.add_timeout_callback(inside, milliseconds)
        else:
            self.document.add_next_tick_callback(inside)

    def hold_back(self) -> None:
        """Do nothing in the document until `ready`.

        Panel drops changes of components that are made after the browser has read the document and before it said
        that it is there: they would never be seen.
        """
        self._held_back = []

    def ready(self) -> None:
        """The browser is there: do what was held back.

        In a turn of its own: Panel takes what is changed while it calls this for changes by the browser, and sets them
        again later, over what was changed since.
        """
        self._enter(lambda: self._ask_turn(self._begin, 0))

    def _begin(self) -> None:
        held, self._held_back = self._held_back or [], None
        for function in held:
            function()

    # -- work ---------------------------------------------------------------------------------------------

    def run(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], None] | None = None,
        failed: Callable[[ImgdashError], None] | None = None,
    ) -> Future[Any]:
        """Run `work` in a thread, then `then` with its result in the document.

        An error goes to `failed`, or is said with its remedy.
        """
        future = _POOL.submit(work)
        future.add_done_callback(lambda done: self._later(lambda: self._finished(done, then, failed)))
        return future

    def _finished(
        self,
        done: Future[Any],
        then: Callable[[Any], None] | None,
        failed: Callable[[ImgdashError], None] | None,
    ) -> None:
        error = done.exception()
        if error is None:
            if then is not None:
                then(done.result())
            return
        if not isinstance(error, ImgdashError):
            _LOG.error("a page's work failed", exc_info=error)
            error = ImgdashError("This did not work: an error inside imgdash.", "The log of the station tells more.")
        if failed is not None:
            failed(error)
        else:
            self.tell(error.cause, "error", error.remedy)

    def soon(self, function: Callable[[], None]) -> None:
        """Run `function` in the document after what was set until now has been sent to the browser."""
        self._later(function)

    def after(self, milliseconds: int, function: Callable[[], None]) -> None:
        """Run `function` in the document when so much time has passed."""
        self._later(function, milliseconds)

    # -- ending -------------------------------------------------------------------------------------------

    def at_close(self, function: Callable[[], None]) -> None:
        """Run `function` in a thread when the tab is gone."""
        self._at_close.append(function)

    def close(self) -> None:
        """The tab is gone: let go of everything."""
        if self.closed:
            return
        self.closed = True
        self._unsubscribe()
        self.edits.close()
        for function in self._at_close:
            _POOL.submit(_quietly, function)
        self._listeners.clear()
        self._at_close.clear()
        self.go = self.tell = self.withdraw = self.address = self.rekey = self.keys = self.tags = _nowhere


def _quietly(function: Callable[[], None]) -> None:
    try:
        function()
    except ImgdashError as error:
        _LOG.info("at the end of a tab: %s", error.cause)


def _at_once(function: Callable[[], None]) -> None:
    function()


def _nowhere(*_: Any, **__: Any) -> None:
    """A tab that is not shown, or no longer."""
