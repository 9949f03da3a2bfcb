"""Draw Erbij's mark for Teams: three people in a circle that has room for one more. Needs nothing but Python."""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parents[1] / "adapters" / "teams" / "icons"
Rgba = tuple[int, int, int, int]
SMOOTH = 4


def _inside(x: float, y: float) -> bool:
    """Whether this point (both -1 to 1) is part of the mark: an open ring with three dots in it."""
    far, angle = math.hypot(x, y), math.degrees(math.atan2(-y, x))
    ring = 0.58 <= far <= 0.72 and not 20 < angle < 70
    dots = ((0.0, -0.26), (-0.26, 0.18), (0.26, 0.18))
    return ring or any(math.hypot(x - a, y - b) <= 0.15 for a, b in dots)


def draw(size: int, ground: Rgba, mark: Rgba) -> bytes:
    """A square PNG of this many pixels."""
    rows = bytearray()
    for row in range(size):
        rows.append(0)
        for column in range(size):
            hits = sum(
                _inside((column + (i + 0.5) / SMOOTH) / size * 2 - 1, (row + (j + 0.5) / SMOOTH) / size * 2 - 1)
                for i in range(SMOOTH)
                for j in range(SMOOTH)
            )
            share = hits / SMOOTH**2
            rows += bytes(round(g + (m - g) * share) for g, m in zip(ground, mark, strict=True))
    parts = (
        (b"IHDR", struct.pack(">2I5B", size, size, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(rows), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    (HERE / "color.png").write_bytes(draw(192, (31, 95, 91, 255), (255, 255, 255, 255)))
    (HERE / "outline.png").write_bytes(draw(32, (255, 255, 255, 0), (255, 255, 255, 255)))
