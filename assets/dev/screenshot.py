#!/usr/bin/env python3
"""Turns a terminal's screen into a picture.

    tmux capture-pane -ep -t SESSION | assets/dev/screenshot.py screen.png [--light]

Needs pillow and the DejaVu Sans Mono fonts (Debian: fonts-dejavu-core).
"""
import re
import sys
import unicodedata

from PIL import Image, ImageDraw, ImageFont

SIZE = 16
CELL_W, CELL_H = 10, 20
FONTS = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono%s.ttf"
REGULAR = ImageFont.truetype(FONTS % "", SIZE)
BOLD = ImageFont.truetype(FONTS % "-Bold", SIZE)
FALLBACK = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", SIZE)
MISSING = REGULAR.getmask("\U0010ffff")

DARK = {
    "back": (24, 26, 31), "fore": (214, 217, 222),
    "base": [(60, 64, 72), (235, 100, 100), (120, 200, 120), (224, 180, 90),
             (110, 150, 235), (200, 130, 210), (95, 195, 210), (214, 217, 222)],
}
LIGHT = {
    "back": (250, 250, 247), "fore": (40, 44, 52),
    "base": [(40, 44, 52), (190, 40, 40), (40, 130, 50), (150, 105, 0),
             (40, 80, 180), (140, 60, 150), (0, 120, 140), (120, 120, 120)],
}


def colour(codes, palette):
    """Takes the numbers after 38 or 48; returns the colour."""
    kind = codes.pop(0) if codes else 0
    if kind == 2 and len(codes) >= 3:
        return (codes.pop(0), codes.pop(0), codes.pop(0))
    n = codes.pop(0) if codes else 7
    return palette["base"][n % 8] if n < 16 else palette["fore"]


def apply(codes, state, palette):
    codes = list(codes)
    while codes:
        code = codes.pop(0)
        if code == 0:
            state.clear()
        elif code in (1, 2, 3, 4, 7):
            state[code] = True
        elif code == 22:
            state.pop(1, None), state.pop(2, None)
        elif code in (23, 24, 27):
            state.pop(code - 20, None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            state["fg"] = palette["base"][code % 10]
        elif 40 <= code <= 47 or 100 <= code <= 107:
            state["bg"] = palette["base"][code % 10]
        elif code == 38:
            state["fg"] = colour(codes, palette)
        elif code == 48:
            state["bg"] = colour(codes, palette)
        elif code in (39, 49):
            state.pop("fg" if code == 39 else "bg", None)


def cells(line, state, palette):
    """Yields the column, the character, its width and its state."""
    x = 0
    for part in re.split(r"(\x1b\[[0-9;:]*m)", line):
        sgr = re.fullmatch(r"\x1b\[([0-9;:]*)m", part)
        if sgr:
            numbers = [int(n or 0) for n in re.split("[;:]", sgr.group(1))]
            apply(numbers, state, palette)
            continue
        for char in re.sub(r"\x1b.", "", part):
            if unicodedata.combining(char):
                continue
            wide = 2 if unicodedata.east_asian_width(char) in "WF" else 1
            yield x, char, wide, dict(state)
            x += wide


def mix(a, b, part):
    return tuple(round(x * part + y * (1 - part)) for x, y in zip(a, b))


def paint(draw, x, y, char, wide, state, palette):
    fore = state.get("fg", palette["fore"])
    back = state.get("bg", palette["back"])
    if state.get(2):
        fore = mix(fore, palette["back"], 0.55)
    if state.get(7):
        fore, back = back, fore
    left, top = x * CELL_W, y * CELL_H
    if back != palette["back"]:
        draw.rectangle([left, top, left + wide * CELL_W - 1, top + CELL_H - 1], fill=back)
    if char.strip():
        font = BOLD if state.get(1) else REGULAR
        if bytes(font.getmask(char)) == bytes(MISSING):
            font = FALLBACK
        draw.text((left, top), char, font=font, fill=fore)
    if state.get(4):
        draw.line([left, top + CELL_H - 2, left + wide * CELL_W - 1, top + CELL_H - 2], fill=fore)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    palette = LIGHT if "--light" in sys.argv else DARK
    state = {}
    rows = [list(cells(line, state, palette)) for line in sys.stdin.read().rstrip("\n").split("\n")]
    columns = max((x + wide for row in rows for x, _, wide, _ in row), default=1)
    image = Image.new("RGB", (columns * CELL_W, len(rows) * CELL_H), palette["back"])
    draw = ImageDraw.Draw(image)
    for y, row in enumerate(rows):
        for x, char, wide, style in row:
            paint(draw, x, y, char, wide, style, palette)
    image.save(sys.argv[1])


if __name__ == "__main__":
    main()
