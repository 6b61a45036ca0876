"""A decoded HJ 212 packet."""

from __future__ import annotations

from dataclasses import dataclass, field

RULE = "HJ 212-2017 6.3"
Groups = tuple[tuple[tuple[str, str], ...], ...]
SYSTEM_INTERACTION = "91"
DATA_PERIODS = {"2011": "rtd", "2051": "minute", "2061": "hour", "2031": "day"}
VERSIONS = {0: "2005", 1: "2017", 2: "2025"}


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet, or several that an `Assembler` has joined; every value is text as it was sent.

    `groups`: the data area, one entry per `;`-separated item, each a tuple of (name, value).
    `frames`: the bytes received, one per packet, without line ends.
    """

    st: str
    cn: str
    pw: str = field(repr=False)
    mn: str
    cp: str
    groups: Groups
    frames: tuple[bytes, ...]
    qn: str | None = None
    flag: int | None = None
    pnum: int | None = None
    pno: int | None = None
    is_resent: bool = False
    is_encrypted: bool = False

    @property
    def raw(self) -> bytes:
        """All bytes of the packet; parts are separated by CR LF."""
        return b"\r\n".join(self.frames)

    @property
    def version(self) -> str:
        """Edition by bits 2 to 7 of Flag: 2005, 2017 or 2025 (no Flag: 2005)."""
        return VERSIONS[(self.flag or 0) >> 2]

    @property
    def is_answer_wanted(self) -> bool:
        return bool((self.flag or 0) & 1)

    @property
    def is_part(self) -> bool:
        """True for one packet of several that still have to be joined."""
        return self.pno is not None and (self.pnum or 1) > 1

    def value(self, name: str) -> str | None:
        """First value of a name of the data area, for example DataTime or QnRtn."""
        return next((value for group in self.groups for key, value in group if key == name), None)
