"""What is there when the dashboard starts is set aside from the search for garbage: once, and no garbage with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.apparatus.sites import site

# In a process of its own: in that of the tests some other dashboard was the first.
_START = """
import gc, json, sys, weakref
from imgdash import Apparatus
from imgdash.dashboard import Dashboard

class Thing:
    pass

def looked_at(thing):
    return any(one is thing for one in gc.get_objects())

gc.disable()
there, garbage = Thing(), Thing()
garbage.itself, gone = garbage, weakref.ref(garbage)
del garbage
found = {"before": [gc.get_freeze_count(), looked_at(there), gone() is None]}
apparatus = Apparatus(sys.argv[1])
with Dashboard(apparatus, 0):
    found["first"] = [gc.get_freeze_count() > len(gc.get_objects()), looked_at(there), gone() is None]
later = Thing()
with Dashboard(apparatus, 0):
    found["second"] = looked_at(later)
apparatus.stop()
print(json.dumps(found))
"""


def test_what_is_there_at_the_first_start_is_not_looked_at_again(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _START, str(site(tmp_path / "site"))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == {
        "before": [0, True, False],
        "first": [True, False, True],
        "second": True,
    }
