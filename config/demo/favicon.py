"""Draws blog/static/blog/favicon.ico, a letter on a penny: python -m config.demo.favicon

favicon.svg beside it is the same drawing by hand.
"""

from pathlib import Path

from PIL import Image

from config.demo.drawing import PAPER, TERRACOTTA, Sheet

FAVICON = Path(__file__).parents[2] / "blog/static/blog/favicon.ico"
SIZES = [(16, 16), (32, 32), (48, 48)]


def penny() -> Image.Image:
    """The copper is dark enough for a light tab and light enough for a dark one."""
    sheet = Sheet(f"{TERRACOTTA}00", 480, 480, mode="RGBA")
    sheet.disc((240, 240), 238, TERRACOTTA)
    sheet.box(100, 150, 380, 340, PAPER, corner=20)
    sheet.line([(106, 162), (240, 262), (374, 162)], TERRACOTTA, 32)
    return sheet.finished()


if __name__ == "__main__":
    penny().save(FAVICON, sizes=SIZES)
