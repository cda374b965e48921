"""Draws the evaluation's figures as inline SVG: no library, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _ROW, _LEFT = 640, 24, 190
_SIDE, _EDGE = 300, 36
_COLOURS = ("#1d70b8", "#d4351c", "#00703c", "#4c2c92", "#f47738", "#505a5f")


def bars(values: Mapping[str, Sequence[float]], names: Sequence[str]) -> str:
    """Return horizontal bars from 0 to 1, one group a row, one colour a name."""
    thick = _ROW / (len(names) + 0.6)
    height = _ROW * len(values) + 30
    parts = [_key(names, height - 8)]
    room = _WIDTH - _LEFT - 50
    for row, (label, numbers) in enumerate(values.items()):
        top = row * _ROW
        parts.append(_text(_LEFT - 8, top + _ROW * 0.6, label, "end"))
        for i, number in enumerate(numbers):
            y = top + 2 + i * thick
            parts.append(
                f'<rect x="{_LEFT}" y="{y:.1f}" width="{room * number:.1f}"'
                f' height="{thick - 1:.1f}" fill="{_COLOURS[i]}"/>'
            )
            if len(numbers) == 1:
                at = _LEFT + room * number + 6
                parts.append(_text(at, top + _ROW * 0.6, f"{number:.2f}", "start"))
    return _svg(_WIDTH, height, parts)


def lines(
    curves: Mapping[str, Sequence[tuple[float, float]]],
    across: str,
    up: str,
    *,
    widest: float = 1.0,
    diagonal: bool = False,
) -> str:
    """Return curves over 0 to `widest` across and 0 to 1 up."""
    inner = _SIDE - 2 * _EDGE
    parts = [
        f'<rect x="{_EDGE}" y="{_EDGE / 2}" width="{inner}" height="{inner}"'
        ' fill="none" stroke="#b1b4b6"/>',
        _text(_EDGE, inner + _EDGE + 2, "0", "middle"),
        _text(_EDGE + inner, inner + _EDGE + 2, f"{widest:g}", "middle"),
        _text(_EDGE + inner / 2, inner + _EDGE + 16, across, "middle"),
        _text(_EDGE - 5, _EDGE / 2 + 8, "1", "end"),
        _text(_EDGE + 6, _EDGE / 2 + 14, up, "start"),
    ]
    if diagonal:
        parts.append(
            f'<path d="M{_EDGE} {_EDGE / 2 + inner}L{_EDGE + inner} {_EDGE / 2}"'
            ' stroke="#b1b4b6" stroke-dasharray="4"/>'
        )
    for i, points in enumerate(curves.values()):
        path = "L".join(
            f"{_EDGE + inner * x / widest:.1f} {_EDGE / 2 + inner * (1 - y):.1f}"
            for x, y in points
        )
        colour = _COLOURS[i % len(_COLOURS)]
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
    parts.append(_key(list(curves), _SIDE + 8, small=True))
    return _svg(_SIDE, _SIDE + 20, parts)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table of plain cells."""
    top = "".join(f"<th>{escape(str(cell))}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else escape(str(value))


def _key(names: Sequence[str], y: float, *, small: bool = False) -> str:
    if len(names) < 2:
        return ""
    step, start = (70, 6) if small else (110, _LEFT)
    return "".join(
        f'<rect x="{start + i * step}" y="{y - 8}" width="9" height="9"'
        f' fill="{_COLOURS[i % len(_COLOURS)]}"/>'
        + _text(start + i * step + 13, y, name[:12], "start")
        for i, name in enumerate(names)
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img">'
        + "".join(parts)
        + "</svg>"
    )
