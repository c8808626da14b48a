"""The site file ("system file", B5): what this apparatus is, who its peers are, where images go.

One TOML file, checked when it is read and frozen afterwards.
"""

from imgdash.config.machines import OutputApparatus, Peer, Station
from imgdash.config.reading import load, parse
from imgdash.config.rules import Exposure, Fitness, Limit, Requests, Rule
from imgdash.config.site import Site
from imgdash.config.types import ALL_STEPS, Step

__all__ = [
    "ALL_STEPS",
    "Exposure",
    "Fitness",
    "Limit",
    "OutputApparatus",
    "Peer",
    "Requests",
    "Rule",
    "Site",
    "Station",
    "Step",
    "load",
    "parse",
]
