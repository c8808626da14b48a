"""Reviewers without a screen: a part of `tests.benchmarks.interact_crowd`.

    python -m tests.benchmarks.interact_light URL COUNT FIRST SECONDS LOOK

Each logs in, opens the page's websocket and speaks Bokeh's protocol over it as a tab does: it takes the whole document
and every change of it, fetches the pixels that its viewport names in the order in which a tab does (and gives up those
that are not wanted any more), says what is shown, and presses Space. It draws nothing, runs no script and asks for no
thumbnails; so what it waits for is the station. Times are from Space until the pixels of the next image are here.
Prints one line of JSON once all of them see an image, begins with the next line that it reads, and prints another one.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from bokeh.protocol import Protocol
from bokeh.protocol.receiver import Receiver
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.dashboard.visiting import Visitor

_PATIENCE = 60.0
_BLOCK = 1 << 20
# As in web/viewport.js, seconds, and in web/loader.js.
_RESTS = (0.15, 1.0)
_KEPT = {"preview": 40, "frame": 3}
_WATCHED = ("Viewport", "ActionBar", "Keys")
Wanted = tuple[str, str, str]


class Reviewer:
    """One session.

    Attributes
    ----------
    taken
        Kind of pixels → milliseconds from each Space, where another image awaited.
    nothing, last, swapped
        How often there was nothing to confirm, how often no other image awaited, and how often an image that had come
        up gave way to another one without a key.
    """

    def __init__(self, url: str, user: str) -> None:
        self._parts = urlsplit(url)
        self._url = url
        self._visitor = Visitor(url, user)
        self._ids: dict[str, str] = {}
        self._known: dict[str, dict[str, Any]] = {name: {} for name in _WATCHED}
        self._texts: set[tuple[str, str]] = set()
        self._socket: WebSocketClientConnection | None = None
        self._numbers = itertools.count()
        self._free: list[http.client.HTTPConnection] = []
        self._there: dict[Wanted, bool] = {}
        self._coming: dict[Wanted, asyncio.Task[bool]] = {}
        self._given_up: set[Wanted] = set()
        self._showing: asyncio.Task[None] | None = None
        self._pressed = 0.0
        self._seen = asyncio.Event()
        # Since Space: the image before it, what was told already, and when the next one is due.
        self._before, self._told, self._counts, self._came = "", set[str](), True, ""
        self._look = self._after = 0.0
        self.taken: dict[str, list[float]] = {"preview": [], "frame": []}
        self.nothing = self.last = self.swapped = 0

    # -- the websocket ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Come in, until the first image is here in full."""
        token = await asyncio.to_thread(self._visitor.page)
        request = HTTPRequest(
            f"ws://{self._parts.netloc}/ws", headers={"Cookie": self._visitor.cookie, "Origin": self._url.rstrip("/")}
        )
        self._socket = await websocket_connect(request, subprotocols=["bokeh", token], max_message_size=1 << 28)
        self._reading = asyncio.create_task(self._read())
        async with asyncio.timeout(_PATIENCE):
            await self._seen.wait()

    async def _read(self) -> None:
        assert self._socket is not None
        receiver = Receiver(Protocol())
        while (fragment := await self._socket.read_message()) is not None:
            message = await receiver.consume(fragment)
            if message is None:
                continue
            if message.msgtype == "ACK":
                await self._send("PULL-DOC-REQ", {})
            elif message.msgtype == "PULL-DOC-REPLY":
                self._take(message.content["doc"])
                ready = {"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}}
                await self._event(ready)
            elif message.msgtype == "PATCH-DOC":
                self._patch(message.content["events"])

    async def _send(self, kind: str, content: Mapping[str, Any]) -> None:
        assert self._socket is not None
        header = {"msgid": f"{id(self)}-{next(self._numbers)}", "msgtype": kind}
        # Nothing of another message may come in between.
        sent = [self._socket.write_message(json.dumps(part)) for part in (header, {}, content)]
        await sent[-1]

    async def _event(self, event: Mapping[str, Any]) -> None:
        await self._send(
            "PATCH-DOC", {"events": [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}]}
        )

    async def _tell(self, component: str, **message: str) -> None:
        """As ``model.send_msg`` of a component does."""
        values = [["model", {"id": self._ids[component]}], ["data", _encoded(message)]]
        await self._event({"type": "event", "name": "data_event", "values": {"type": "map", "entries": values}})

    def _take(self, document: Mapping[str, Any]) -> None:
        for model in _models(document):
            attributes = model.get("attributes", {})
            data = attributes.get("data")
            name = str(attributes.get("class_name", "")).rstrip("0123456789")
            if name in _WATCHED and isinstance(data, dict):
                # One of each on the page of a reviewer; other pages make theirs when they are opened.
                self._ids.setdefault(name, model["id"])
                self._ids.setdefault(f"{name} data", data["id"])
                self._texts |= {(name, key) for key in data["attributes"]["texts"]}
                for key, value in data["attributes"].items():
                    self._know(name, key, value)
        missing = [name for name in _WATCHED if name not in self._ids]
        if missing:
            raise RuntimeError(f"the page has no {', '.join(missing)}")
        self._show()

    def _patch(self, events: list[dict[str, Any]]) -> None:
        changed = False
        for event in events:
            if event["kind"] != "ModelChanged":
                continue
            for name in _WATCHED:
                if event["model"]["id"] == self._ids.get(f"{name} data"):
                    self._know(name, event["attr"], event["new"])
                    changed |= name == "Viewport" and event["attr"] in ("image", "version", "following")
        if changed:
            self._show()

    def _know(self, component: str, name: str, value: Any) -> None:
        self._known[component][name] = json.loads(value) if (component, name) in self._texts else value

    # -- pixels -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        view = self._known["Viewport"]
        if view.get("image") and view.get("version"):
            if self._showing is not None:
                self._showing.cancel()
            self._showing = asyncio.create_task(
                self._shown(view["image"], view.get("version", ""), view.get("following", []))
            )

    async def _shown(self, image: str, version: str, following: list[dict[str, Any]]) -> None:
        """The small form, then the whole, then what follows: as web/viewport.js."""
        await self._pixels((image, "preview", version))
        self._timed("preview", image)
        await self._tell("Viewport", shown=image)
        ahead = [(one["image"], one["version"]) for one in following]
        for other, its in ahead:
            await self._pixels((other, "preview", its))
        wanted = {image, *(other for other, _ in ahead)}
        self._given_up |= {one for one in self._coming if one[1] == "frame" and one[0] not in wanted}
        await self._pixels((image, "frame", version))
        self._timed("frame", image)
        self._seen.set()
        for (other, its), pause in zip(ahead, _RESTS, strict=False):
            await asyncio.sleep(pause)
            await self._pixels((other, "frame", its))

    def _timed(self, kind: str, image: str) -> None:
        if self._pressed and image != self._before:
            self.swapped += self._came not in ("", image)
            self._came = image
            if self._counts and kind not in self._told:
                self.taken[kind].append(1000 * (time.perf_counter() - self._pressed))
            self._told.add(kind)
            self._after = min(self._after, time.perf_counter() + self._look * random.uniform(0.5, 1.5))

    async def _pixels(self, wanted: Wanted) -> None:
        if wanted in self._there:
            self._there[wanted] = self._there.pop(wanted)
            return
        whole = False
        while not whole:
            if wanted not in self._coming:
                self._given_up.discard(wanted)
                self._coming[wanted] = asyncio.create_task(asyncio.to_thread(self._fetch, wanted))
            # Whoever waits may be called away; what was asked for comes nevertheless.
            whole = await asyncio.shield(self._coming[wanted])
            self._coming.pop(wanted, None)
        self._there[wanted] = True
        for old in [one for one in self._there if one[1] == wanted[1]][: -_KEPT[wanted[1]]]:
            del self._there[old]

    def _fetch(self, wanted: Wanted) -> bool:
        image, kind, version = wanted
        port = int(self._parts.port or 80)
        connection = self._free.pop() if self._free else http.client.HTTPConnection("127.0.0.1", port, _PATIENCE)
        connection.request("GET", f"/image/{image}/{kind}?{urlencode({'v': version})}", headers=self._headers)
        answer = connection.getresponse()
        while answer.read(_BLOCK):
            if wanted in self._given_up:
                connection.close()
                return False
        self._free.append(connection)
        if answer.status != 200:
            print(f"{answer.status} for {kind} of {image}", file=sys.stderr)
        return True

    @property
    def _headers(self) -> dict[str, str]:
        return {"Cookie": self._visitor.cookie}

    # -- work ---------------------------------------------------------------------------------------------

    async def work(self, seconds: float, look: float) -> None:
        """Look at each image for a while and press Space, where that is possible."""
        ended = time.perf_counter() + seconds
        self._look = look
        self._after = time.perf_counter() + look * random.random()
        while (now := time.perf_counter()) < ended:
            if now > self._after:
                if "confirm" in self._known["ActionBar"].get("enabled", ()):
                    self._before, self._told, self._came = str(self._known["Viewport"]["image"]), set(), ""
                    # At the last image one waits for the next one to arrive, which no station can shorten.
                    self._counts = bool(self._known["Viewport"].get("following"))
                    self.last += not self._counts
                    self._pressed, self._after = now, now + 10.0
                    await self._tell("Keys", action="confirm", page="review", image=self._before)
                else:
                    self.nothing += 1
                    self._after = now + 0.2
            await asyncio.sleep(0.01)
        self._pressed = 0.0


def _models(part: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document as Bokeh sends it."""
    if isinstance(part, dict):
        if part.get("type") == "object" and "id" in part:
            yield part
        for value in part.values():
            yield from _models(value)
    elif isinstance(part, list):
        for value in part:
            yield from _models(value)


def _encoded(value: Mapping[str, str]) -> dict[str, Any]:
    return {"type": "map", "entries": [[key, one] for key, one in value.items()]}


async def _main(url: str, count: int, first: int, seconds: float, look: float) -> None:
    reviewers = [Reviewer(url, f"reviewer{number}") for number in range(first, first + count)]
    for one in reviewers:
        await one.open()
    print(json.dumps({"open": count}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began = time.process_time()
    await asyncio.gather(*(one.work(seconds, look) for one in reviewers))
    taken = {kind: [ms for one in reviewers for ms in one.taken[kind]] for kind in ("preview", "frame")}
    spent = time.process_time() - began
    told = {name: sum(getattr(one, name) for one in reviewers) for name in ("nothing", "last", "swapped")}
    print(json.dumps({**taken, **told, "spent": spent}), flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("url")
    options.add_argument("count", type=int)
    options.add_argument("first", type=int)
    options.add_argument("seconds", type=float)
    options.add_argument("look", type=float)
    asyncio.run(_main(**vars(options.parse_args())))
