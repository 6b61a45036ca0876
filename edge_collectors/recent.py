"""Which records a stream has already made durable: the window in which a resent message is recognised.

Each sealed segment leaves a small file `ids/<number>.ids` (a JSON line with number and sequence range, then 16 bytes
per record), written before the segment may be shipped and deleted. The files hold the latest `limit` records; a
duplicate older than that is stored again and settled in silver by its key. The newest file is never deleted: it is
also the stream's memory of its next segment number and sequence number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from edge_collectors.segments import Content, replace_file

ID_BYTES = 16


class RecentRecords:
    """The ids (16 bytes each) of the latest `limit` records of one stream, in memory and beside the segments."""

    def __init__(self, folder: Path, limit: int):
        self.folder, self.limit = folder, limit
        self.next_number, self.next_seq = 1, 1
        self._ids: dict[bytes, None] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.ids")):
            self._load(path)

    def __contains__(self, record_id: bytes) -> bool:
        return record_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, record_ids: Iterable[bytes]) -> None:
        self._ids.update(dict.fromkeys(record_ids))
        while len(self._ids) > self.limit:
            del self._ids[next(iter(self._ids))]

    def keep(self, number: int, content: Content) -> None:
        """Write down the ids of a segment that is about to be sealed; forget files beyond the window."""
        head = {"number": number, "first_seq": content.first_seq, "last_seq": content.last_seq}
        body = json.dumps(head).encode() + b"\n" + b"".join(content.record_ids)
        replace_file(self.folder / f"{number:012d}.ids", body)
        self.next_number, self.next_seq = number + 1, (content.last_seq or 0) + 1
        self._forget_old_files()

    def _load(self, path: Path) -> None:
        head, _, ids = path.read_bytes().partition(b"\n")
        known = json.loads(head)
        self.next_number, self.next_seq = known["number"] + 1, known["last_seq"] + 1
        self.add(ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES))

    def _forget_old_files(self) -> None:
        """Delete the files of segments that end before the window begins."""
        window_begins = self.next_seq - self.limit
        for path in sorted(self.folder.glob("*.ids"))[:-1]:
            with path.open("rb") as file:
                if json.loads(file.readline())["last_seq"] >= window_begins:
                    return
            path.unlink()
