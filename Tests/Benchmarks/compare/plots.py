"""The figures as pictures: CPU by side on a logarithmic axis, and latencies."""

import pathlib

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

from .report import has_picture  # noqa: E402

# Text stays text, and the same figures make the same file.
matplotlib.rcParams.update({
    "svg.fonttype": "none", "svg.hashsalt": "gatehouse", "font.size": 9, "font.family": "sans-serif",
    "axes.spines.top": False, "axes.spines.right": False,
})
_OURS, _PEER, _LIMIT = "#2b6cb0", "#a0aec0", "#dd9a3b"
_PERCENTILES = (("p50", "o"), ("p99", "s"), ("p999", "D"))


def draw(document: dict, folder: pathlib.Path, kind: str = "svg") -> None:
    """A file of each workload in which CPU is compared. Those of an earlier run that are not made anew go."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {f"{result['name']}.{kind}" for result in document["results"] if draw_one(result, folder, kind)}
    for file in folder.glob(f"*.{kind}"):
        if file.name not in made:
            file.unlink()


def draw_one(result: dict, folder: pathlib.Path, kind: str) -> bool:
    if not has_picture(result):
        return False
    sides = result["sides"]
    has_latency = any(figures["p50"] is not None for figures in sides.values())
    figure, axes = pyplot.subplots(
        1, 2 if has_latency else 1, figsize=(8.6 if has_latency else 5.2, 0.9 + 0.32 * len(sides)), squeeze=False,
        layout="constrained")
    _cpu(axes[0][0], sides)
    if has_latency:
        _latency(axes[0][1], sides)
    figure.suptitle(result["title"], fontsize=10, x=0.01, ha="left")
    figure.savefig(folder / f"{result['name']}.{kind}", metadata={"Date": None} if kind == "svg" else None, dpi=110)
    pyplot.close(figure)
    return True


def _colour(name: str) -> str:
    if name.startswith("gatehouse"):
        return _OURS
    return _LIMIT if name.startswith("limit") else _PEER


def _cpu(axes: Axes, sides: dict) -> None:
    names, values = list(sides), [figures["cpu"] or 0 for figures in sides.values()]
    known = [value for value in values if value > 0] or [1]
    axes.barh(names, values, color=list(map(_colour, names)), height=0.62)
    axes.set_xscale("log")
    axes.set_xlim(min(known) / 3, max(known) * 4)
    for row, value in enumerate(values):
        if value > 0:
            axes.text(value * 1.08, row, f"{value:.3g}", va="center", fontsize=8)
    axes.set_ylim(len(sides) - 0.5, -0.5)
    axes.set_xlabel("CPU s per 1,000, logarithmic")


def _latency(axes: Axes, sides: dict) -> None:
    # In the same rows as the bars; who tells no latency leaves his empty.
    shown = {row: figures for row, figures in enumerate(sides.values()) if figures["p50"] is not None}
    for percentile, marker in _PERCENTILES:
        known = {row: figures[percentile] for row, figures in shown.items() if figures[percentile] is not None}
        axes.plot(list(known.values()), list(known), marker, linestyle="none",
                  color="#2d3748", markerfacecolor="white" if marker != "o" else "#2d3748", label=percentile)
    axes.hlines(list(shown), [figures["p50"] for figures in shown.values()],
                [figures["p999"] or figures["p99"] for figures in shown.values()], color="#cbd5e0", zorder=0)
    axes.set_xscale("log")
    axes.set_ylim(len(sides) - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_xlabel("latency ms, logarithmic")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
