"""The covers of the demo's posts: one drawing a post, with a form of its own for each.

What a drawing shows is said in words by `cover_alt` in the post.
"""

from collections.abc import Callable
from math import cos, hypot, pi, sin

from PIL import Image

from config.demo.drawing import (
    CRUST,
    INDIGO,
    INK,
    MOSS,
    NIGHT,
    OCHRE,
    PAPER,
    SAGE,
    SAND,
    TERRACOTTA,
    Point,
    Sheet,
    around,
    chance,
)

# Tones that only one cover needs.
BASKET = "#c2653e"
FADED = ("#8f3f21", "#8f3f21", "#cf7d59")
GRID = "#4a443d"


def loaves() -> Image.Image:
    sheet = Sheet(INK)
    random = chance(7)
    for row, top in enumerate(range(-72, 900, 174)):
        left = -random.uniform(40, 200)
        while left < 1600:
            long = random.choice([160, 160, 280, 340, 420])
            colour = random.choice([CRUST, CRUST, TERRACOTTA, TERRACOTTA, OCHRE, SAND])
            sheet.box(left, top, left + long, top + 160, colour, corner=80)
            slash(sheet, left, left + long, top + 80, lean=1 if row % 2 else -1)
            left += long + 14
    return sheet.finished()


def slash(sheet: Sheet, left: float, right: float, middle: float, lean: int) -> None:
    """The baker's cuts: one for each hand's breadth of crust."""
    cuts = max(1, int((right - left) / 110))
    for i in range(cuts):
        x = left + (right - left) * (i + 1) / (cuts + 1)
        sheet.line([(x - 16 * lean, middle + 30), (x + 16 * lean, middle - 30)], INK, 9)


def harbour_lamps() -> Image.Image:
    sheet = Sheet(NIGHT)
    sheet.box(0, 520, 1600, 900, INDIGO)
    random = chance(4)
    for x in range(130, 1600, 224):
        top, colour = (170, PAPER) if x == 1026 else (270, OCHRE)
        sheet.box(x - 4, top, x + 4, 480, SAND)
        sheet.box(x - 20, top + 30, x + 20, top + 37, SAND)
        sheet.disc((x, top), 27, colour)
        y = 560.0
        while y < 1060 - top:
            half, drift = random.uniform(10, 52), random.uniform(-10, 10)
            sheet.line([(x + drift - half, y), (x + drift + half, y)], colour, 10)
            y += random.uniform(24, 44)
    sheet.box(0, 470, 1600, 530, INK)
    return sheet.finished()


def quiet_window() -> Image.Image:
    sheet = Sheet(SAGE)
    sheet.box(262, 142, 1354, 782, MOSS, corner=22)
    sheet.box(246, 126, 1338, 766, PAPER, corner=22)
    for i in range(3):
        sheet.ring((294 + i * 36, 170), 9, INK, 3)
    sheet.box(246, 212, 1338, 215, SAND)
    for i, width in enumerate((330, 260, 300, 110)):
        sheet.box(330, 300 + i * 44, 330 + width, 312 + i * 44, INK, corner=6)
    sheet.box(456, 420, 462, 456, TERRACOTTA)
    return sheet.finished()


def tide_bars() -> Image.Image:
    sheet = Sheet(PAPER)
    for i in range(27):
        left = 112 + i * 51.5
        height = 60 + 590 * sin(pi * i / 26) ** 2
        colour = TERRACOTTA if i == 18 else INDIGO
        sheet.box(left, 780 - height, left + 36, 780, colour, corner=3)
    for y in range(180, 780, 120):
        sheet.box(80, y - 1, 1520, y + 1, SAND)
    sheet.box(80, 779, 1520, 782, INK)
    return sheet.finished()


def contours() -> Image.Image:
    sheet = Sheet(SAGE)
    summit = (980, 400)
    for i in range(15, 0, -1):
        thick = 6 if i % 5 == 0 else 2.5
        sheet.line(contour(summit, i * 58), MOSS, thick)
    for start in range(0, 96, 3):
        sheet.line([way_up((start + i / 4) / 96) for i in range(8)], TERRACOTTA, 10)
    sheet.shape([(980, 352), (1022, 424), (938, 424)], INK)
    return sheet.finished()


def way_up(part: float) -> Point:
    """A point of the route, from the lower left corner (0) to just below the summit (1)."""
    sway = 130 * sin(part * 13) * (1 - part) ** 0.5
    return -20 + part * 960 - 0.48 * sway, 920 - part * 500 - 0.88 * sway


def contour(centre: Point, radius: float) -> list[Point]:
    """A closed line that wanders more the further down the hill it is."""

    def reach(t: float) -> float:
        wander = 0.16 * sin(2 * t + 0.6) + 0.09 * cos(3 * t) + 0.05 * sin(5 * t + radius / 200)
        return radius * (1 + wander * min(1, radius / 300))

    turns = [2 * pi * i / 240 for i in range(241)]
    return [(centre[0] + 1.25 * reach(t) * cos(t), centre[1] + reach(t) * sin(t)) for t in turns]


def envelope_in_a_crowd() -> Image.Image:
    sheet = Sheet(TERRACOTTA)
    random = chance(11)
    for row in range(6):
        for column in range(10):
            centre = (80 + column * 160 + random.uniform(-26, 26), 75 + row * 150)
            if not (560 < centre[0] < 1040 and 250 < centre[1] < 650):
                letter = random.choice("abcdefghijkmnopqrstuwxyz&?")
                colour = random.choice((INK, *FADED))
                sheet.letter(letter, centre, random.choice([60, 90, 130, 180]), colour)
    sheet.box(580, 300, 1020, 600, PAPER, corner=8)
    sheet.line([(592, 314), (800, 470), (1008, 314)], INK, 7)
    return sheet.finished()


def orchard() -> Image.Image:
    sheet = Sheet(PAPER)
    sheet.shape([(0, 400), (1600, 120), (1600, 900), (0, 900)], SAGE)
    missing = {(0, 3), (1, 7), (2, 2), (2, 4)}
    for row, (below, apart, size) in enumerate(((44, 134, 33), (170, 196, 49), (380, 288, 72))):
        for column in range(11):
            x = 1120 + (column - 6) * apart
            if (row, column) not in missing:
                tree(sheet, x, 400 - 0.175 * x + below, size)
    sheet.disc((330, 980), 450, INK)
    for i in range(13):
        bark = 428 - i * 33 + 6 * sin(i * 2.4)
        sheet.disc((330 + i * 4, 980 - i * 4), bark, (CRUST, SAND)[i % 2])
    return sheet.finished()


def tree(sheet: Sheet, x: float, foot: float, size: float) -> None:
    sheet.box(x - size / 9, foot - size, x + size / 9, foot, INK)
    sheet.disc((x, foot - size * 1.6), size, MOSS)


def scored_loaf() -> Image.Image:
    sheet = Sheet(MOSS)
    centre = (800, 450)
    sheet.disc(centre, 392, CRUST)
    sheet.disc((796, 444), 362, TERRACOTTA)
    for radius in (110, 190, 270, 336):  # the marks of the basket it rose in
        sheet.ring((796, 444), radius, BASKET, 7)
    for degrees in range(0, 360, 90):
        cut(sheet, around(centre, 14, degrees), around(centre, 300, degrees), 24, PAPER)
        for fan, inner, outer in ((20, 200, 306), (45, 150, 322), (70, 200, 306)):
            ends = [around(centre, reach, degrees + fan) for reach in (inner, outer)]
            cut(sheet, ends[0], ends[1], 12, SAND)
    return sheet.finished()


def cut(sheet: Sheet, start: Point, end: Point, wide: float, colour: str) -> None:
    """A blade's cut, opened in the oven: pointed at both ends."""
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    length = hypot(dx, dy)
    edge = [(t / 20, sin(pi * t / 20) * wide / length) for t in range(21)]
    there = [(x + t * dx - w * dy, y + t * dy + w * dx) for t, w in edge]
    back = [(x + t * dx + w * dy, y + t * dy - w * dx) for t, w in reversed(edge)]
    sheet.shape(there + back, colour)


def spokes() -> Image.Image:
    sheet = Sheet(INK)
    hub = (800, 640)
    for radius, colour, thick in ((590, PAPER, 26), (548, CRUST, 8)):
        sheet.ring(hub, radius, colour, thick)
    for i in range(36):
        lean = 62 if i % 2 else -62
        colour = TERRACOTTA if i == 33 else SAND
        sheet.line([around(hub, 74, i * 10 + lean), around(hub, 544, i * 10)], colour, 4)
    sheet.ring(hub, 74, PAPER, 10)
    sheet.disc(hub, 26, PAPER)
    return sheet.finished()


def letterforms() -> Image.Image:
    sheet = Sheet(PAPER)
    sheet.letter("a", (230, 320), 1240, TERRACOTTA)
    sheet.letter("g", (800, 500), 900, INK)
    sheet.letter("&", (1370, 330), 900, INDIGO)
    return sheet.finished()


def night_train() -> Image.Image:
    sheet = Sheet(NIGHT)
    for left in (-560, 580, 1720):
        sheet.box(left + 30, 636, left + 1090, 690, INK)
        sheet.box(left, 300, left + 1120, 650, INDIGO, corner=44)
        for i in range(5):
            window = left + 70 + i * 205
            sheet.box(window, 390, window + 158, 540, OCHRE, corner=14)
    sheet.box(-20, 600, 1620, 608, SAND)
    sheet.box(1060, 390, 1218, 470, TERRACOTTA, corner=14)
    sheet.box(1060, 430, 1218, 476, TERRACOTTA)
    sheet.box(0, 686, 1600, 900, PAPER)
    random = chance(2)
    for _ in range(90):
        sheet.disc((random.uniform(0, 1600), random.uniform(0, 690)), random.uniform(3, 6), PAPER)
    return sheet.finished()


def four_lines() -> Image.Image:
    sheet = Sheet(INK)
    for x in range(40, 1600, 40):
        for y in range(50, 900, 40):
            sheet.box(x - 2, y - 2, x + 2, y + 2, GRID)
    lines = [
        (4, [(7, OCHRE), (5, PAPER), (12, SAGE)]),
        (4, [(4, TERRACOTTA), (9, PAPER)]),
        (8, [(6, PAPER), (3, TERRACOTTA), (10, SAGE)]),
        (8, [(8, OCHRE), (4, PAPER)]),
    ]
    for i, (indent, words) in enumerate(lines):
        cell = indent
        for length, colour in words:
            sheet.box(cell * 40, 230 + i * 120, (cell + length) * 40, 290 + i * 120, colour, 8)
            cell += length + 1
    return sheet.finished()


def open_notebook() -> Image.Image:
    sheet = Sheet(OCHRE)
    sheet.box(190, 110, 1410, 800, INK, corner=18)
    for left, written in ((212, (400, 330, 420, 0, 380, 250)), (804, (0, 410, 360, 190))):
        sheet.box(left, 96, left + 584, 780, PAPER, corner=10)
        for i in range(11):
            y = 200 + i * 50
            sheet.box(left + 66, y, left + 518, y + 2, SAND)
            if i < len(written) and written[i]:
                scrawl(sheet, left + 72, y - 14, written[i])
    pencil(sheet, (800, 170), (800, 700))
    return sheet.finished()


def scrawl(sheet: Sheet, left: float, y: float, length: float) -> None:
    """Handwriting, from too far away to be read."""
    random, start = chance(int(y + length)), 0
    while start < length:
        end = start + random.randrange(24, 90)
        word = [(left + i, y + 6 * sin(i * 0.4) * cos(i * 0.11)) for i in range(start, end)]
        sheet.line(word, INK, 4)
        start = end + 18


def pencil(sheet: Sheet, top: Point, point: Point) -> None:
    x, end = point
    sheet.box(x - 17, top[1], x + 17, top[1] + 34, TERRACOTTA, corner=8)
    sheet.box(x - 17, top[1] + 24, x + 17, end - 70, MOSS)
    sheet.shape([(x - 17, end - 70), (x + 17, end - 70), (x, end)], SAND)
    sheet.shape([(x - 6, end - 24), (x + 6, end - 24), (x, end)], INK)


def house_at_night() -> Image.Image:
    sheet = Sheet(NIGHT)
    sheet.disc((1310, 180), 52, SAND)
    sheet.disc((1286, 164), 48, NIGHT)
    sheet.box(930, 150, 1000, 340, INK)
    sheet.shape([(500, 400), (800, 130), (1100, 400), (1100, 780), (500, 780)], INDIGO)
    sheet.line([(440, 440), (800, 118), (1160, 440)], INK, 46)
    sheet.box(752, 270, 848, 390, OCHRE)
    sheet.box(797, 270, 803, 390, INDIGO)
    sheet.box(752, 327, 848, 333, INDIGO)
    for left in (580, 920):
        sheet.box(left, 500, left + 100, 620, NIGHT)
    sheet.box(745, 560, 855, 780, NIGHT)
    sheet.box(0, 770, 1600, 900, INK)
    return sheet.finished()


COVERS: dict[str, Callable[[], Image.Image]] = {
    "a-field-guide-to-quiet-software": quiet_window,
    "a-winter-of-night-trains": night_train,
    "four-lines-of-code-i-keep-coming-back-to": four_lines,
    "how-bread-taught-me-patience": loaves,
    "learning-to-read-a-map-again": contours,
    "notes-on-repairing-a-bicycle-wheel": spokes,
    "on-keeping-a-commonplace-book": open_notebook,
    "sourdough-by-the-numbers": scored_loaf,
    "tables-of-the-tide": tide_bars,
    "the-case-for-a-smaller-newsletter": envelope_in_a_crowd,
    "the-lamp-lighters-of-small-harbours": harbour_lamps,
    "the-sound-a-house-makes": house_at_night,
    "typography-for-people-who-read-on-phones": letterforms,
    "what-the-old-orchard-remembers": orchard,
}
