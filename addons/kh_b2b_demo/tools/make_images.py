#!/usr/bin/env python3
"""Draw the category pictures, the logo and the sample licence (static/img); run it by hand.

Needs Pillow and, for the logo and the licence, a Chinese font (argument 1: its path).
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

TARGET = Path(__file__).parent.parent / "static" / "img"
SCALE = 4
SIZE = 360
DARK, MID, LIGHT, PALE = "#37474f", "#78909c", "#b0bec5", "#eceff1"
BLUE, RED, GREEN, AMBER, COPPER = "#1565a8", "#c62828", "#2e7d32", "#f9a825", "#b8652f"


class Pen:
    """Draws in a 100 × 100 grid."""

    def __init__(self):
        self.image = Image.new("RGB", (SIZE * SCALE, SIZE * SCALE), "#ffffff")
        self.draw = ImageDraw.Draw(self.image)
        self.unit = SIZE * SCALE / 100

    def box(self, x, y, w, h, fill, radius=2.0, line=None):
        u = self.unit
        self.draw.rounded_rectangle(
            (x * u, y * u, (x + w) * u, (y + h) * u), radius * u, fill, line, int(u)
        )

    def disc(self, x, y, r, fill, line=None, width=1.0):
        u = self.unit
        self.draw.ellipse(
            ((x - r) * u, (y - r) * u, (x + r) * u, (y + r) * u), fill, line, int(width * u)
        )

    def path(self, points, fill, width=3.0):
        u = self.unit
        self.draw.line([(x * u, y * u) for x, y in points], fill, int(width * u), "curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, fill)

    def area(self, points, fill):
        self.draw.polygon([(x * self.unit, y * self.unit) for x, y in points], fill)

    def save(self, name):
        image = self.image.resize((SIZE, SIZE), Image.LANCZOS).quantize(20)
        image.save(TARGET / "category" / f"{name}.png", optimize=True)


def modules(pen, count, colour, width=15, lever=DARK):
    left = 50 - count * width / 2
    for index in range(count):
        x = left + index * width
        pen.box(x, 18, width - 1, 64, PALE, 1.5, LIGHT)
        pen.box(x + 1, 34, width - 3, 32, "#ffffff", 1, LIGHT)
        pen.disc(x + width / 2 - 0.5, 25, 2.4, LIGHT, MID, 0.7)
        pen.disc(x + width / 2 - 0.5, 75, 2.4, LIGHT, MID, 0.7)
        pen.box(x + 3, 58, width - 7, 3, colour, 0.5)
    pen.box(left + 3, 42, count * width - 7, 10, lever, 1.5)


def mcb(pen):
    modules(pen, 2, BLUE)


def dcmcb(pen):
    modules(pen, 2, RED, lever=RED)


def rcbo(pen):
    modules(pen, 4, BLUE, 14)
    pen.box(66, 54, 7, 7, AMBER, 1)


def spd(pen):
    modules(pen, 3, GREEN, lever=GREEN)
    pen.area([(51, 30), (42, 52), (49, 52), (46, 70), (58, 46), (51, 46)], AMBER)


def mccb(pen):
    pen.box(24, 12, 52, 76, DARK, 3)
    pen.box(30, 34, 40, 32, "#455a64", 2, MID)
    pen.box(44, 40, 12, 20, PALE, 1.5)
    for x in (34, 50, 66):
        pen.disc(x, 22, 4, COPPER)
        pen.disc(x, 78, 4, COPPER)
    pen.box(33, 60, 8, 3, RED, 0.5)


def contactor(pen):
    pen.box(24, 16, 52, 68, PALE, 3, LIGHT)
    pen.box(24, 34, 52, 32, DARK, 1)
    pen.box(42, 42, 16, 16, MID, 1.5)
    for x in (32, 44, 56, 68):
        pen.disc(x, 25, 3.4, LIGHT, MID)
        pen.disc(x, 75, 3.4, LIGHT, MID)


def relay(pen):
    pen.box(30, 14, 40, 52, "#dbe7f0", 2, LIGHT)
    pen.box(36, 24, 28, 30, COPPER, 1)
    for y in range(27, 54, 4):
        pen.path([(36, y), (64, y)], "#d98b52", 0.8)
    pen.box(24, 66, 52, 14, DARK, 2)
    for x in (33, 44, 56, 67):
        pen.box(x - 1.5, 80, 3, 8, COPPER, 0.5)


def pilot(pen):
    for x, y, colour in ((32, 32, GREEN), (68, 32, RED), (32, 68, AMBER), (68, 68, BLUE)):
        pen.disc(x, y, 15, LIGHT, MID, 1.5)
        pen.disc(x, y, 10, colour)
        pen.disc(x - 3, y - 3, 2.5, "#ffffff")


def box(pen):
    pen.box(22, 12, 56, 76, PALE, 2, MID)
    pen.box(28, 20, 44, 60, "#ffffff", 1, LIGHT)
    for y in (28, 48):
        for x in range(32, 68, 6):
            pen.box(x, y, 5, 13, LIGHT, 0.5)
            pen.box(x + 1, y + 4, 3, 4, DARK, 0.5)
    pen.disc(74, 50, 1.5, DARK)


def meter(pen):
    pen.box(24, 12, 52, 76, PALE, 4, LIGHT)
    pen.box(31, 22, 38, 18, "#c5d6b8", 1, MID)
    for index in range(5):
        pen.box(34 + index * 6.6, 26, 4.4, 10, "#37474f", 0.5)
    pen.disc(50, 58, 10, "#ffffff", MID)
    pen.path([(50, 58), (57, 52)], RED, 1.5)
    pen.box(31, 74, 38, 7, DARK, 1)


def coil(pen, colour, core):
    for radius in range(36, 14, -4):
        pen.disc(50, 50, radius, None, colour if radius % 8 else core, 3.6)
    pen.path([(80, 66), (88, 84)], colour, 4)


def wire(pen):
    coil(pen, RED, "#d84343")
    pen.path([(86, 80), (89, 88)], COPPER, 2)


def ctrlcable(pen):
    pen.disc(50, 50, 34, DARK)
    pen.disc(50, 50, 29, LIGHT)
    for x, y, colour in (
        (50, 50, RED),
        (50, 32, BLUE),
        (66, 42, AMBER),
        (66, 60, GREEN),
        (50, 68, "#6d4c41"),
        (34, 60, MID),
        (34, 42, "#ffffff"),
    ):
        pen.disc(x, y, 8, colour)
        pen.disc(x, y, 3.5, COPPER)


def terminal(pen):
    pen.box(10, 68, 80, 6, LIGHT, 1)
    for index, colour in enumerate((MID, MID, BLUE, MID, MID, GREEN)):
        pen.box(14 + index * 12, 26, 11, 46, colour, 1.5)
        pen.disc(19.5 + index * 12, 35, 3, PALE, DARK, 0.8)
        pen.disc(19.5 + index * 12, 60, 3, PALE, DARK, 0.8)


def switch(pen):
    pen.box(8, 34, 84, 32, DARK, 2)
    for row_y in (41, 53):
        for index in range(8):
            pen.box(13 + index * 8, row_y, 6.4, 8, "#90a4ae", 0.6)
            pen.box(14.6 + index * 8, row_y + 4, 3.2, 4, "#263238", 0.3)
    for index, colour in enumerate((GREEN, GREEN, AMBER)):
        pen.disc(82 + index * 3, 43, 1.1, colour)
    pen.box(80, 52, 9, 8, BLUE, 0.8)


def router(pen):
    for x in (24, 42, 58, 76):
        pen.path([(x, 60), (x, 22)], DARK, 3)
    pen.box(12, 56, 76, 22, PALE, 4, LIGHT)
    for index in range(5):
        pen.disc(24 + index * 7, 67, 1.6, GREEN if index < 4 else AMBER)


def optic(pen):
    pen.box(14, 36, 58, 26, LIGHT, 1.5, MID)
    pen.box(14, 44, 20, 10, GREEN, 0.5)
    pen.box(60, 32, 18, 34, MID, 1.5)
    pen.disc(69, 42, 4, DARK)
    pen.disc(69, 56, 4, DARK)
    pen.path([(73, 42), (84, 40), (90, 28)], AMBER, 2.4)
    pen.path([(73, 56), (84, 58), (90, 72)], AMBER, 2.4)


def cabinet(pen):
    pen.box(26, 8, 48, 84, DARK, 2)
    for index, colour in enumerate((MID, MID, BLUE, LIGHT, LIGHT, MID)):
        pen.box(31, 14 + index * 12, 38, 9, colour, 0.8)
        pen.disc(65, 18.5 + index * 12, 1.2, GREEN)
    pen.box(30, 88, 40, 3, "#263238", 0.5)


def patch(pen):
    pen.path([(30, 30), (30, 58), (40, 72), (60, 72), (70, 58), (70, 34)], BLUE, 4)
    for x, y in ((24, 12), (64, 16)):
        pen.box(x, y, 12, 20, "#cfe3f2", 1, MID)
        for index in range(4):
            pen.box(x + 1.6 + index * 2.4, y + 1, 1.3, 5, AMBER, 0.2)


def handtool(pen):
    pen.path([(24, 20), (62, 58)], MID, 5)
    pen.path([(58, 54), (80, 76)], RED, 12)
    pen.path([(76, 22), (52, 46)], LIGHT, 7)
    pen.path([(46, 52), (22, 78)], BLUE, 10)
    pen.disc(78, 20, 8, LIGHT)
    pen.area([(78, 20), (92, 12), (88, 6)], "#ffffff")


def powertool(pen):
    pen.box(26, 26, 46, 24, AMBER, 5)
    pen.box(50, 44, 16, 34, DARK, 4)
    pen.box(44, 76, 30, 12, "#263238", 2)
    pen.box(14, 32, 13, 12, DARK, 1.5)
    pen.path([(14, 38), (3, 38)], MID, 2.5)
    pen.box(46, 50, 5, 8, RED, 1)


def instrument(pen):
    pen.box(28, 10, 44, 80, AMBER, 5)
    pen.box(32, 14, 36, 72, DARK, 4)
    pen.box(36, 19, 28, 18, "#c5d6b8", 1)
    pen.disc(50, 57, 13, "#546e7a", LIGHT, 0.8)
    pen.path([(50, 57), (57, 49)], "#ffffff", 2)
    for x, colour in ((40, RED), (50, DARK), (60, RED)):
        pen.disc(x, 79, 2.6, colour, LIGHT, 0.8)


def toolbox(pen):
    pen.path([(38, 32), (38, 22), (62, 22), (62, 32)], DARK, 4)
    pen.box(10, 32, 80, 46, RED, 3)
    pen.box(10, 48, 80, 4, "#8e1f1f", 0.5)
    for x in (28, 66):
        pen.box(x, 44, 7, 12, LIGHT, 1)


def stationery(pen):
    for x, colour in ((30, BLUE), (46, DARK), (62, RED)):
        pen.box(x, 20, 9, 52, colour, 2)
        pen.area([(x, 72), (x + 9, 72), (x + 4.5, 86)], LIGHT)
        pen.box(x + 6, 14, 2.4, 22, MID, 1)


def paper(pen):
    for index in range(4):
        pen.box(20, 62 - index * 9, 60, 22, "#ffffff", 1, LIGHT)
    pen.box(20, 35, 60, 14, BLUE, 1)
    pen.box(26, 39, 24, 5, "#ffffff", 0.5)


def device(pen):
    pen.box(30, 12, 40, 26, "#ffffff", 1, LIGHT)
    pen.box(16, 36, 68, 34, PALE, 4, MID)
    pen.box(26, 62, 48, 24, "#ffffff", 1, LIGHT)
    pen.box(58, 44, 18, 8, BLUE, 1)
    for y in (70, 75, 80):
        pen.path([(32, y), (66, y)], LIGHT, 1)


def socket(pen):
    pen.box(8, 36, 84, 28, "#ffffff", 6, MID)
    for x in (16, 38, 60):
        pen.path([(x + 6, 46), (x + 4, 52)], DARK, 2)
        pen.path([(x + 12, 46), (x + 14, 52)], DARK, 2)
        pen.path([(x + 9, 55), (x + 9, 58)], DARK, 2)
    pen.box(80, 44, 7, 12, RED, 1.5)


def head(pen):
    pen.disc(50, 52, 32, AMBER)
    pen.box(14, 54, 72, 40, "#ffffff", 0)
    pen.box(8, 54, 84, 9, "#f57f17", 4)
    pen.box(44, 18, 12, 38, "#fbc02d", 4)


def glove(pen):
    pen.box(34, 44, 34, 34, BLUE, 6)
    for x, y in ((34, 22), (43, 16), (52, 18), (61, 26)):
        pen.box(x, y, 7.5, 34, BLUE, 3.5)
    pen.path([(36, 62), (22, 46)], BLUE, 9)
    pen.box(34, 74, 34, 14, DARK, 2)


PICTURES = (
    mcb,
    dcmcb,
    rcbo,
    spd,
    mccb,
    contactor,
    relay,
    pilot,
    box,
    meter,
    wire,
    ctrlcable,
    terminal,
    switch,
    router,
    optic,
    cabinet,
    patch,
    handtool,
    powertool,
    instrument,
    toolbox,
    stationery,
    paper,
    device,
    socket,
    head,
    glove,
)


def draw_logo(font_path):
    image = Image.new("RGBA", (1440, 320), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((8, 24, 280, 296), 56, "#0b5394")
    draw.line([(56, 208), (120, 120), (160, 168), (196, 96), (236, 208)], "#ffffff", 26, "curve")
    draw.text((320, 16), "云岫电气", "#0b5394", ImageFont.truetype(font_path, 170, index=2))
    draw.text((328, 222), "YUNXIU ELECTRIC", "#546e7a", ImageFont.truetype(font_path, 66, index=2))
    image = image.crop((0, 0, 1030, 320)).resize((515, 160), Image.LANCZOS)
    image.quantize(64, Image.Quantize.FASTOCTREE).save(TARGET / "logo.png", optimize=True)


def draw_licence(font_path):
    image = Image.new("RGB", (900, 640), "#fdf6e8")
    draw = ImageDraw.Draw(image)
    draw.rectangle((16, 16, 884, 624), None, "#b8860b", 6)
    title, text, mark = (ImageFont.truetype(font_path, size, index=2) for size in (64, 28, 120))
    draw.text((330, 60), "营业执照", "#8b1a1a", title)
    for index, line in enumerate(
        (
            "统一社会信用代码  样本不含真实号码",
            "名    称  （样本）经销商有限公司",
            "类    型  有限责任公司",
            "法定代表人  样本",
            "经营范围  低压电器、电线电缆、五金工具销售",
            "登记机关  样本市市场监督管理局",
        )
    ):
        draw.text((90, 180 + index * 56), line, "#333333", text)
    stamp = Image.new("L", (520, 180), 0)
    ImageDraw.Draw(stamp).text((10, 10), "样本 SAMPLE"[:2], 90, mark)
    ImageDraw.Draw(stamp).text((270, 40), "SAMPLE", 90, ImageFont.truetype(font_path, 60, index=2))
    image.paste("#c62828", (220, 300), stamp.rotate(14, expand=False))
    image.quantize(24).save(TARGET / "licence_sample.png", optimize=True)


def main():
    (TARGET / "category").mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        pen = Pen()
        picture(pen)
        pen.save(picture.__name__)
    if len(sys.argv) > 1:
        draw_logo(sys.argv[1])
        draw_licence(sys.argv[1])


if __name__ == "__main__":
    main()
