"""The dashboard: pages of a Panel server over one `imgdash.Apparatus`. It holds no logic of the apparatus.

How it is put together
----------------------
`app.serve(apparatus, port=…)` starts the server. Each browser tab is one document with one `session.Session`
(who acts, events of the apparatus, work in threads) and one `shell.Shell` (rail with badges, pages, status line, keys).

A page is a class in ``pages/<name>.py``, named in `pages.PAGES`, with what `pages.Page` declares::

    class Queues(Page):
        name, title, icon = "queues", "Queues", "queue"      # icon: a name in theme.ICONS

        def __init__(self, session): ...                      # keep the session, read nothing yet
        def view(self) -> pn.viewable.Viewable: ...           # called once, when the page is first shown
        def update(self, events): ...                         # events of the apparatus since the last call
        def open(self, **query): ...                          # deep link: /?page=queues&image=<id>

Rules that hold for every page:

* `view` is made once; afterwards properties of what is in it are set, layouts are never returned anew.
* Everything of a page runs in the document's thread. What may take longer than a few milliseconds (each action
  waits for the disk) goes through ``session.run(work, then)``: `work` runs in a thread, `then` back in the document.
  An `ImgdashError` of `work` is said on the line below the page, with its remedy.
* Events are pushed (`session.Session`), at most some ten times a second, and only to the page that is shown; a page
  that was hidden gets what it missed when it is shown again. No page polls.
* Roles are checked by the apparatus. A page disables what ``session.actor.may(action)`` denies, as a courtesy.
* Text from elsewhere is set as text: components of `component.Component` build their DOM with ``h()`` of web/dom.js,
  never with innerHTML; Panel's Markdown and HTML panes get ``html.escape``d text.
* Nothing is loaded from another host: fonts, icons and scripts are our own or Panel's bundled ones.
* ``session.go("review", image=image_id)`` changes the page; ``session.tell(text, "error")`` says something on the
  line below it, which covers nothing; what can be done about it is given as `does`.
* A page says in `place` what brings back what it shows; that stands in the address, and survives a restart of the
  server. Its keys are in `keymap` as shipped and in `words`; `rekeyed` tells it which are in force for this person.
"""

from __future__ import annotations

from imgdash.dashboard.app import Dashboard, serve

__all__ = ["Dashboard", "serve"]
