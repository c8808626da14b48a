"""A rejected image is taken out of the file-set of a folder again (R9).

Who reads a medium or a share knows no rejection notes and would show the image: IHE's Image Object Change Management
leaves rejected instances out of what is exported to media. So the entry of the directory goes, then the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from imgdash.model import NotAllowed
from imgdash.output.dicomdir import Directory
from imgdash.output.job import derived_uid
from imgdash.store.store import Store

_OWED: Final = """
select note_id, entry_id, output_uid, coalesce(note.attempts, 0) as attempts,
    (select data->>'file_set' from journal where subject = 'queue' and id = entry_id and event = 'finish'
        order by seq desc limit 1) as file_set
from note join queue using (entry_id)
where note.apparatus = ? and note.state = 'waiting' order by note.created_at, note_id
"""


def owed(store: Store, apparatus: str) -> list[dict[str, Any]]:
    """The rejections that a folder is to be told of, as `imgdash.request.notes` writes them down."""
    return store.query(_OWED, [apparatus])


def take_out(folder: Path, output_uid: str) -> None:
    """Take an image and its presentation state out of the file-set in `folder`; what is gone already stays so.

    Raises
    ------
    ImgdashError
        If the directory that is there is not ours.
    OSError
        If it cannot be written.
    """
    if not folder.is_dir():
        return
    directory = Directory(folder)
    files = []
    for uid in (output_uid, str(derived_uid("presentation", output_uid))):
        # Without an entry it may still be there, from a stop between the two steps.
        files.append(directory.discard(uid) or directory.file_id(uid))
    directory.write()
    for where in files:
        folder.joinpath(*where).unlink(missing_ok=True)


def told(store: Store, row: Mapping[str, Any], event: str, why: str) -> None:
    """Journal what came of it: `event` is ``send`` or ``fail``."""
    columns: dict[str, Any] = {"attempts": row["attempts"] + 1, "trouble": "" if event == "send" else why}

    def change_(change: Any) -> None:
        if event == "send":
            columns["sent_at"] = change.at
        try:
            change.transition("note", row["note_id"], event, why=why, **columns)
        except NotAllowed:
            return  # a person has decided otherwise in this moment

    store.write(change_)


__all__ = ["owed", "take_out", "told"]
