"""What the viewport is compared with: the same full frame as ``hv.Image`` in a Panel app, over the websocket.

``python -m tests.benchmarks.interact_peer ROWS`` serves it and prints its address.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.models import CustomJS
from playwright.sync_api import Browser

_TURNS = 6
# Painted: the frame after the one in which the pixels have come.
_SEEN = "requestAnimationFrame(() => requestAnimationFrame(() => { window.seen = performance.now() }))"


def measure(browser: Browser, rows: int, spread: Callable[[list[float]], dict[str, float]]) -> dict[str, Any]:
    """Click → next image painted."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.interact_peer", str(rows)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(url)
        page.wait_for_selector(".bk-Figure, canvas")
        page.wait_for_timeout(3000)
        shown = []
        for _ in range(_TURNS):
            page.evaluate("window.seen = 0")
            # The button is found before the clock starts.
            button = page.get_by_role("button", name="next")
            begun = button.evaluate("(node) => { const at = performance.now(); node.click(); return at }")
            shown.append(page.wait_for_function("window.seen").json_value() - begun)
            page.wait_for_timeout(300)
        page.close()
        return {"hv.Image": spread(shown)}
    finally:
        process.kill()
        process.wait()


def app(rows: int) -> pn.viewable.Viewable:
    """A button, and the image that it changes."""
    columns = round(rows * 0.743)
    y, x = np.mgrid[0:rows, 0:columns]
    images = [((x * (k + 1) + y) % 4096).astype(np.uint16) for k in range(2)]
    pipe = hv.streams.Pipe(data=images[0])

    def hook(plot: Any, _element: Any) -> None:
        plot.handles["source"].js_on_change("data", CustomJS(code=_SEEN))

    shown = hv.DynamicMap(lambda data: hv.Image(data, bounds=(0, 0, columns, rows)), streams=[pipe])
    shown = shown.opts(cmap="gray", width=700, height=800, clim=(0, 4095), hooks=[hook])
    button = pn.widgets.Button(name="next")
    button.on_click(lambda _: pipe.send(images[button.clicks % 2]))
    return pn.Column(button, shown)


if __name__ == "__main__":
    hv.extension("bokeh")
    pn.extension()
    server = pn.serve(
        lambda: app(int(sys.argv[1])),
        port=0,
        show=False,
        start=False,
        websocket_max_message_size=1 << 30,
        verbose=False,
    )
    print(f"http://localhost:{server.port}/", flush=True)
    server.start()
    server.io_loop.start()
