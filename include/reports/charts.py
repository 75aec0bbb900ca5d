"""Charts for mails: pictures that can be read on a phone, on white paper and on a dark screen."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from include.ladder import KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Calendar = Sequence[tuple[date, str, int]]

WIDTH, HEIGHT = 592, 300
SHARPNESS = 2
DAYS = 90
WEEKS = 13
# Colours that stand out on white and on near-black alike.
COLOURS = {"account": "#3f7fd6", "password": "#e09a1a", "contract": "#2fa37c", "membership": "#a06bd0"}
LABELS = {"account": "accounts", "password": "passwords", "contract": "contracts", "membership": "memberships"}
INK = "#7a8290"
ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 0.98), "borderpad": 0, "columnspacing": 1, "handlelength": 0.8}


def weeks_ahead(calendar: Calendar, now: datetime, zone: ZoneInfo) -> tuple[list[date], dict[str, list[int]]]:
    """The first days of the next 13 weeks, the last of them shorter, and {kind: number in each}; what ended before today is left out."""
    today = now.astimezone(zone).date()
    sums = {kind: [0] * WEEKS for kind in KINDS}
    for day, kind, number in calendar:
        ahead = (day - today).days
        if 0 <= ahead <= DAYS:
            sums[kind][min(ahead // 7, WEEKS - 1)] += number
    return [today + timedelta(weeks=week) for week in range(WEEKS)], sums


def expirations(calendar: Calendar, now: datetime, zone: ZoneInfo) -> bytes:
    """A PNG of what ends in the next 90 days: a bar per week, stacked by kind. The background is transparent."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100 * SHARPNESS, facecolor="none", layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib says nothing of its types
    axes = figure.add_subplot(facecolor="none")
    draw(axes, *weeks_ahead(calendar, now, zone))
    canvas.draw()
    return small(canvas.get_width_height(), canvas.buffer_rgba())


def small(size: tuple[int, int], pixels: Any) -> bytes:
    """The picture with few colours: a third of the bytes, and nobody sees it. `pixels`: a buffer of red, green, blue and alpha."""
    from PIL import Image

    picture = io.BytesIO()
    Image.frombuffer("RGBA", size, pixels).quantize(96).save(picture, format="png", optimize=True)
    return picture.getvalue()


def draw(axes: Axes, weeks: list[date], sums: dict[str, list[int]]) -> None:
    """The bars, from the first kind upwards, and the words around them."""
    floor = [0] * WEEKS
    for kind in KINDS:
        if any(sums[kind]):
            axes.bar(range(WEEKS), sums[kind], 0.72, bottom=floor, color=COLOURS[kind], label=LABELS[kind])
        floor = [below + number for below, number in zip(floor, sums[kind], strict=True)]
    label(axes, weeks)


def label(axes: Axes, weeks: list[date]) -> None:
    """Title, axis labels and legend, large enough for a narrow screen."""
    from matplotlib.ticker import MaxNLocator

    text: dict[str, Any] = {"color": INK, "fontsize": 12.5}
    axes.set_title("What ends in the next 90 days", loc="left", weight="bold", pad=26, **text)
    axes.set_ylabel("ends per week", **text)
    axes.set_xlabel("week from", **text)
    axes.set_xticks(range(0, WEEKS, 3), [f"{week.day} {week:%b}" for week in weeks[::3]])
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(colors=INK, labelsize=12.5, length=0)
    axes.grid(axis="y", color=INK, alpha=0.25, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(INK)
    legend = axes.legend(frameon=False, labelcolor=INK, fontsize=12, ncols=len(KINDS), handletextpad=0.4, **ABOVE)
    legend.set_in_layout(False)
