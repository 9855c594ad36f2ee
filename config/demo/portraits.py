"""The three writers of the demo, who do not exist, as portraits in plain shapes."""

from collections.abc import Callable

from PIL import Image

from config.demo.drawing import (
    INDIGO,
    INK,
    MOSS,
    OCHRE,
    PAPER,
    SAGE,
    SAND,
    TERRACOTTA,
    Sheet,
    arc,
)


def mara() -> Image.Image:
    sheet = Sheet(OCHRE, 800, 800)
    sheet.disc((400, 330), 232, INK)
    sheet.disc((400, 130), 92, INK)
    figure(sheet, skin="#e8bd98", clothes=TERRACOTTA)
    sheet.shape([(232, 340), (400, 166), (568, 340), (580, 200), (400, 100), (220, 200)], INK)
    face(sheet)
    return sheet.finished()


def tomas() -> Image.Image:
    sheet = Sheet(SAGE, 800, 800)
    skin = "#8a5a3c"
    figure(sheet, skin, clothes=INDIGO)
    sheet.box(232, 250, 568, 606, INK, corner=150)
    sheet.box(256, 180, 544, 462, skin, corner=96)
    sheet.box(228, 138, 572, 262, INK, corner=60)
    face(sheet, mouth=PAPER)
    for x in (325, 475):
        sheet.ring((x, 360), 56, PAPER, 9)
    sheet.line([(381, 354), (419, 354)], PAPER, 9)
    return sheet.finished()


def ines() -> Image.Image:
    sheet = Sheet(INDIGO, 800, 800)
    sheet.box(206, 250, 594, 610, TERRACOTTA, corner=90)
    figure(sheet, skin="#f0d3b4", clothes=SAND)
    sheet.box(232, 120, 568, 316, MOSS, corner=98)
    sheet.box(220, 250, 580, 330, SAND, corner=34)
    face(sheet)
    return sheet.finished()


def figure(sheet: Sheet, skin: str, clothes: str) -> None:
    sheet.box(90, 640, 710, 1000, clothes, corner=150)
    sheet.box(330, 500, 470, 720, skin, corner=70)
    sheet.box(240, 160, 560, 580, skin, corner=150)


def face(sheet: Sheet, mouth: str = INK) -> None:
    for x in (325, 475):
        sheet.disc((x, 362), 15, INK)
    sheet.line([(400, 372), (388, 430), (406, 434)], INK, 8)
    sheet.line(arc((400, 440), 66, 125, 235), mouth, 9)


PORTRAITS: dict[str, Callable[[], Image.Image]] = {
    "ines-calder": ines,
    "mara-lindqvist": mara,
    "tomas-okafor": tomas,
}
