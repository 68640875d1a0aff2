"""Composes a product's picture as SVG: a motif from motifs/, dressed in its colour, on a backdrop.

A motif is drawn in a box of 200 by 200 and names its colours by one letter: m is the variant's
main colour, d and l its shade and light, a and e the accent; the rest are fixed materials.
"""

import re
from functools import cache

from data.seeds.source import HERE, Product, Slip, Variant

_INK, _WHITE = "#3D3A4B", "#FFFFFF"
_FIXED = {
    "w": "#FFFDF8", "p": "#F4E9DA", "q": "#DFCDB5", "k": _INK, "j": "#625E75",
    "n": "#CFA074", "o": "#A97A4F", "s": "#D5DBE2", "t": "#9DA8B5",
    "g": "#86AF80", "h": "#5A8560", "r": "#D4574E", "y": "#EFC46C", "u": "#8DB4D3",
}  # fmt: skip
_INSIDE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def svg(product: Product, variant: Variant) -> str:
    """The whole picture; the same product always gives the same text."""
    colour = variant.colour
    main, accent = (colour.main, colour.accent) if colour else product.paint
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="512" height="512">'
        f"<style>{_style(main, accent)}</style>"
        f"{_backdrop(product.category.backdrop)}"
        f'<g transform="translate(18 16) scale(.82)">{_motif(product.motif)}</g></svg>'
    )


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two: `share` of the other."""
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _backdrop(tint: str) -> str:
    disc, shade = mixed(tint, _WHITE, 0.5), mixed(tint, _INK, 0.16)
    return (
        f'<rect width="200" height="200" fill="{tint}"/>'
        f'<circle cx="100" cy="96" r="80" fill="{disc}"/>'
        f'<ellipse cx="100" cy="164" rx="62" ry="6.5" fill="{shade}"/>'
    )


def _style(main: str, accent: str) -> str:
    named = {
        "m": main, "d": mixed(main, _INK, 0.24), "l": mixed(main, _WHITE, 0.42),
        "a": accent, "e": mixed(accent, _INK, 0.24), **_FIXED,
    }  # fmt: skip
    fills = "".join(f".{key}{{fill:{value}}}" for key, value in named.items())
    # A capital letter draws the line instead of filling the shape.
    lines = "".join(f".{key.upper()}{{stroke:{value}}}" for key, value in named.items())
    drawn = ",".join(f".{key.upper()}" for key in named)
    round_ends = f"{drawn}{{fill:none;stroke-linecap:round;stroke-linejoin:round}}"
    return f"{fills}{lines}{round_ends}.f{{fill:#fff;opacity:.38}}.z{{fill:{_INK};opacity:.13}}"


@cache
def _motif(name: str) -> str:
    try:
        whole = (HERE / "motifs" / f"{name}.svg").read_text("utf-8")
    except FileNotFoundError as error:
        raise Slip(f"motifs/{name}.svg does not exist") from error
    found = _INSIDE.search(whole)
    if not found:
        raise Slip(f"motifs/{name}.svg is not an SVG")
    return found[1].strip()
