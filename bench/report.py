"""What a run found, as tables to read, a page with plots, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measures import ratio, verdicts
from bot.nlu.plots import bars, lines, table

Figures = Mapping[str, Any]
Row = tuple[str, float | None, float | None, bool]
HEAD = ("figure", "ours", "starter bot", "times better")
CROWD = ("who", "turns", "greetings", "median ms", "service", "generator")
NONE = "not measured"
BUSY = 0.5  # so much load a core, before the run, is not ours
STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "svg text{font:11px sans-serif}td,th{padding:.2rem 1rem .2rem 0;text-align:left}"
    ".row{display:flex;flex-wrap:wrap;gap:1rem}pre{white-space:pre-wrap}"
)


def rows(figures: Figures) -> list[Row]:
    """Return what is compared: its name, ours, the starter bot's, if more is better."""
    return [
        *_speed_rows(figures.get("speed")),
        *_exchange_rows(figures.get("exchanges")),
        *_other_rows(figures),
    ]


def ratios(figures: Figures) -> list[list[str]]:
    """Return the table of ratios, in words."""
    told = []
    for name, ours, stock, more in rows(figures):
        times = ratio(ours, stock, more_is_better=more)
        better = NONE if times is None else f"{times:.2f}"
        told.append([name, _number(ours), _number(stock), better])
    return told


def taken_apart(figures: Figures) -> list[list[str]]:
    """Return the table of one turn of ours, the dearest part first."""
    found = figures.get("stages")
    if not found:
        return []
    parts = sorted(found["parts"], key=lambda part: -part[1])
    told = [[name, f"{ms:.2f}", f"{share * 100:.1f} %"] for name, ms, share in parts]
    return [*told, ["the whole", f"{found['mean_ms']:.2f}", "100.0 %"]]


def troubles(figures: Figures) -> list[list[str]]:
    """Return what went wrong or was seen to be odd, with its count."""
    told = []
    for kind, levels in figures.get("speed", {}).items():
        for level in levels:
            who = f"{kind}, {level['people']} at once"
            told += [[who, why, str(n)] for why, n in level["failures"].items()]
            for name, why in (
                ("empty", "answers without a word"),
                ("waited", "came again because the door was full"),
            ):
                if level[name]:
                    told.append([who, why, str(level[name])])
    for kind, held in figures.get("memory", {}).items():
        who = f"{kind}, many conversations"
        told += [[who, why, str(n)] for why, n in held["failures"].items()]
    for kind in ("one", "two"):
        level = figures.get("two", {}).get(kind, {"failures": {}})
        who = f"{kind} of our processes"
        told += [[who, why, str(n)] for why, n in level["failures"].items()]
    return told


def crowds(figures: Figures) -> list[list[str]]:
    """Return of each crowd: turns, greetings and their wait, and the cores used."""
    levels = [
        (f"{kind}, {level['people']} at once", level)
        for kind, found in figures.get("speed", {}).items()
        for level in found
    ]
    two = figures.get("two", {})
    levels += [(f"{k} of our processes", two[k]) for k in ("one", "two") if k in two]
    return [
        [
            name,
            str(level["turns"]),
            str(level["greetings"]),
            _number(level["greeting_ms"]) if level["greetings"] else "",
            f"{level['served']:.2f}",
            f"{level['generator']:.2f}",
        ]
        for name, level in levels
    ]


def text(figures: Figures) -> str:
    """Return everything as plain text."""
    parts = [_note(figures)]
    sections: Sequence[tuple[str, Sequence[str], list[list[str]]]] = (
        ("Side by side", HEAD, ratios(figures)),
        ("Crowds, and the cores used", CROWD, crowds(figures)),
        ("What went wrong", ("where", "what", "times"), troubles(figures)),
        ("One turn of ours", ("part", "ms", "share"), taken_apart(figures)),
    )
    for title, head, body in sections:
        if body:
            parts.append(f"{title}\n" + _columns([list(head), *body]))
    parts.append("Targets\n" + "\n".join(f"  {each}" for each in verdicts(figures)))
    return "\n\n".join(parts)


def page(figures: Figures) -> str:
    """Return everything as one HTML page that fetches nothing."""
    sections = {
        "Targets": table(
            ["target", "reached", "figures"],
            [
                [v.target, {True: "yes", False: "no", None: NONE}[v.reached], v.figures]
                for v in verdicts(figures)
            ],
        ),
        "Side by side": table(HEAD, ratios(figures)),
        "Plots": f'<div class="row">{"".join(_plots(figures))}</div>',
        "One turn of ours": _drawn_apart(figures),
        "Crowds, and the cores used": table(CROWD, crowds(figures)),
        "What went wrong": table(["where", "what", "times"], troubles(figures)),
    }
    body = "".join(f"<h2>{name}</h2>{inner}" for name, inner in sections.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Speed</title>'
        f"<style>{STYLE}</style><h1>How fast it is</h1><pre>{_note(figures)}</pre>"
        f"{body}</html>"
    )


def write(figures: dict[str, Any], folder: Path) -> None:
    """Write bench.json and bench.html."""
    folder.mkdir(exist_ok=True)
    told = [{**vars(each)} for each in verdicts(figures)]
    whole = {**figures, "ratios": _ratios_by_name(figures), "verdicts": told}
    (folder / "bench.json").write_text(json.dumps(whole, indent=1), "utf-8")
    (folder / "bench.html").write_text(page(figures), "utf-8")


def _ratios_by_name(figures: Figures) -> dict[str, float | None]:
    return {
        name: ratio(ours, stock, more_is_better=more)
        for name, ours, stock, more in rows(figures)
    }


def _speed_rows(speed: Mapping[str, Any] | None) -> Iterable[Row]:
    for ours, stock in zip(speed["ours"], speed["stock"], strict=True) if speed else ():
        at = f", {ours['people']} at once"
        yield "turns a second" + at, ours["per_s"], stock["per_s"], True
        for name, words in (
            ("median_ms", "median, ms"),
            ("p95_ms", "p95, ms"),
            ("p99_ms", "p99, ms"),
        ):
            yield words + at, ours[name], stock[name], False


def _exchange_rows(costs: Mapping[str, Any] | None) -> Iterable[Row]:
    for n in costs["ours"] if costs else ():
        yield f"turn at exchange {n}, ms", costs["ours"][n], costs["stock"][n], False  # type: ignore[index]


def _other_rows(figures: Figures) -> Iterable[Row]:
    memory, start = figures.get("memory"), figures.get("start")
    if memory:
        talks = memory["ours"]["conversations"]
        for when, name in (("ready", "at start"), ("after", f"after {talks} talks")):
            for sort in ("rss", "pss"):
                words = f"{sort.upper()} {name}, MB"
                two = (memory[kind][when][f"{sort}_mb"] for kind in ("ours", "stock"))
                yield words, *two, False
    if start:
        for at, name in ((0, "first start"), (1, "second start")):
            two = (_nth(start[kind], at) for kind in ("ours", "stock"))
            yield f"{name} of the run to ready, s", *two, False
    if training := figures.get("training"):
        yield "training, s", training["ours"], training["stock"], False
    if found := figures.get("size"):
        for name, words in (
            ("packages_mb", "packages, MB"),
            ("model_mb", "model, MB"),
            ("whole_mb", "installed in all, MB"),
        ):
            yield words, found["ours"][name], found["stock"][name], False


def _nth(values: Sequence[float], at: int) -> float | None:
    return values[at] if at < len(values) else None


def _plots(figures: Figures) -> Iterable[str]:
    speed, costs = figures.get("speed"), figures.get("exchanges")
    for name, words in (("per_s", "turns a second"), ("median_ms", "median ms")):
        if speed:
            curves = {
                kind: [(float(level["people"]), float(level[name])) for level in levels]
                for kind, levels in speed.items()
            }
            yield _curves(curves, "people", words)
    if costs:
        curves = {
            kind: [(float(n), float(ms)) for n, ms in told.items()]
            for kind, told in costs.items()
        }
        yield _curves(curves, "exchange", "ms a turn")


def _curves(
    curves: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str
) -> str:
    points = [point for curve in curves.values() for point in curve]
    widest, highest = max(x for x, _ in points), max(y for _, y in points)
    drawn = {
        name: [(x, y / highest) for x, y in curve] for name, curve in curves.items()
    }
    return lines(drawn, across, f"{up}; 1 is {highest:.0f}", widest=widest)


def _drawn_apart(figures: Figures) -> str:
    found = figures.get("stages")
    if not found:
        return ""
    parts = sorted(found["parts"], key=lambda part: -part[1])
    drawn = bars({name: (max(share, 0.0),) for name, _, share in parts}, ["share"])
    return drawn + table(["part", "ms", "share"], taken_apart(figures))


def _note(figures: Figures) -> str:
    machine = figures.get("machine", {})
    quick = "A QUICK RUN: small counts, for trying the benchmark; no figures to quote. "
    busy = "SOMETHING ELSE RAN before this began: figures mean little. "
    return (
        f"{quick if figures.get('quick') else ''}"
        f"{busy if machine.get('load', 0) > BUSY * machine.get('cores', 1) else ''}"
        f"{figures.get('date', '')}, {machine.get('cores')} cores, Python "
        f"{machine.get('python')}, load before {machine.get('load')}. Ours is as it "
        "serves, with danger, reading, masking, sealing and storing; for long "
        "conversations alone the limits on how much one conversation may ask are lifted, "
        "and nothing else. A turn is one message answered. Opening a conversation of ours "
        "is a call more: no turn, but waiting for its greeting is a wait. The generator "
        "runs on the same cores."
    )


def _number(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def _columns(lines_of: Sequence[Sequence[str]]) -> str:
    wide = [max(len(line[i]) for line in lines_of) for i in range(len(lines_of[0]))]
    return "\n".join(
        "  "
        + "  ".join(
            [line[0].ljust(wide[0])]
            + [cell.rjust(w) for cell, w in zip(line[1:], wide[1:], strict=True)]
        )
        for line in lines_of
    )
