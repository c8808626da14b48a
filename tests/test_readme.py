"""The README's table of the network is true: each row names tests that exist, and a peer that they really start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and "`tests/" in line
]
# A word of the third column → what a test that uses it imports or runs.
PEERS = {
    "hl7apy": "hl7apy",
    "Orthanc": "orthanc",
    "pynetdicom": "pynetdicom|associate|Modality",
    "RIS": r"simulate\.ris",
    "machines": r"simulate\.modality",
    "storescu": "storescu",
    "storescp": "storescp",
    "dsrdump": "dsrdump",
    "wlmscpfs": "wlmscpfs",
    "dcmprscp": "dcmprscp",
    "findscu": r"find\(|findscu",
    "movescu": "movescu",
    "getscu": "getscu",
    "dcmqrscp": "dcmqrscp",
    "dump2dcm": "dump2dcm",
    "dcmpschk": "dcmpschk",
    "dcmmkdir": "dcmmkdir",
    "dcmdump": "dcmdump",
    "dcmjs": "dcmjs",
}
OTHER_WORDS = {"DCMTK", "dimse", "imgdash", "s", "own"}


def test_there_is_a_table() -> None:
    assert len(ROWS) >= 15


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row(row: list[str]) -> None:
    tests = re.findall(r"`(tests/[^`]+)`", row[3])
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in tests)
    for word in re.findall(r"\w+", row[2]):
        if word not in OTHER_WORDS:
            assert word in PEERS, f"{row[0]}: who is {word}?"
            assert re.search(PEERS[word], text), f"{row[0]}: no {word} in {tests}"
    assert all("def test_" in (ROOT / name).read_text(encoding="utf-8") for name in tests)
