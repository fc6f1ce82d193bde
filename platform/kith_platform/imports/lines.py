"""Physical lines of a file, cut from its bytes block by block. Memory stays flat whatever the file looks like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from kith_platform.imports.encoding import wide_as_utf8, wide_size

BLOCK = 524_288
LINE_LIMIT = 4_194_304  # bytes; a longer line is refused without being held
KEPT = 65_536  # bytes kept of a line that is too long

OpenBinary = Callable[[], BinaryIO]

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)")


class Lines:
    """Lines with their ends, from byte `start` on; LF, CRLF and CR may be mixed. `codec` is the encoding to decode them
    with: UTF-16 is turned into UTF-8 on the way, `size` still counts bytes of the file."""

    def __init__(self, binary: BinaryIO, encoding: str, start: int) -> None:
        if start:
            binary.seek(start)
        blocks = iter(lambda: binary.read(BLOCK), b"")
        self._wide = encoding if encoding.startswith("utf-16") else ""
        self.codec = "utf-8" if self._wide else encoding
        self._lines = _cut(wide_as_utf8(blocks, encoding) if self._wide else blocks, self._size)
        self._ahead: list[bytes] = []

    def take(self, count: int) -> list[bytes]:
        """The next `count` lines; fewer only at the file's end."""
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        while len(taken) < count:
            more = next(self._lines, None)
            if more is None:
                break
            room = count - len(taken)
            taken += more[:room]
            self._ahead += more[room:]
        return taken

    def at_end(self) -> bool:
        """Whether nothing follows what was taken."""
        if not self._ahead:
            self._ahead = next(self._lines, [])
        return not self._ahead

    def give_back(self, lines: Sequence[bytes]) -> None:
        self._ahead = [*lines, *self._ahead]

    def size(self, lines: Sequence[bytes]) -> int:
        """Bytes of the file that these lines take."""
        lost = sum(line.lost for line in lines if isinstance(line, LongLine))
        return (self._size(b"".join(lines)) if self._wide else sum(map(len, lines))) + lost

    def _size(self, data: bytes) -> int:
        return wide_size(data, self._wide) if self._wide else len(data)


class LongLine(bytes):
    """The kept beginning of a line over LINE_LIMIT, with its line end; `lost` bytes of the file are not kept."""

    lost: int = 0


def _cut(blocks: Iterator[bytes], size: Callable[[bytes], int]) -> Iterator[list[bytes]]:
    tail = head = b""  # head: the beginning of a line that is too long and has not ended yet
    lost = 0
    for block in blocks:
        data = tail + block
        # A CR at the block's end may be the first half of a CRLF. The search ends at the last line end: beyond it the
        # expression would try every byte as a beginning.
        end = len(data) - data.endswith(b"\r")
        lines = _LINE.findall(data, 0, max(data.rfind(b"\n", 0, end), data.rfind(b"\r", 0, end)) + 1)
        tail = data[sum(map(len, lines)) :]
        if head and lines:
            lines[0] = _long(head, lines[0], lost, size)
            head = b""
        if lines:
            yield lines
        if head or len(tail) > LINE_LIMIT:
            end = len(tail) - tail.endswith(b"\r")
            kept = 0 if head else _character_end(tail, KEPT)
            head, lost = (head, lost) if head else (tail[:kept], 0)
            lost += size(tail[kept:end])
            tail = tail[end:]
    if head:
        yield [_long(head, tail, lost, size)]
    elif tail:
        yield [tail]


def _long(head: bytes, rest: bytes, lost: int, size: Callable[[bytes], int]) -> LongLine:
    body = rest.rstrip(b"\r\n")
    line = LongLine(head + rest[len(body) :])
    line.lost = lost + size(body)
    return line


def _character_end(data: bytes, at: int) -> int:
    while at and data[at] & 0xC0 == 0x80:
        at -= 1
    return at
