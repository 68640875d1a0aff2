"""What is committed is what the source says, and small enough for a chat."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from data.seeds import build, pictures, render, source

PICTURES = sorted(build.IMAGES.glob("*"))
LARGEST_PICTURE, LARGEST_FOLDER = 25 * 1024, 3 * 1024 * 1024


def test_the_committed_feed_and_pictures_show_what_the_source_says() -> None:
    assert build.outdated() == [], "run: python -m data.seeds.build"


def test_a_changed_drawing_is_noticed_without_a_browser(tmp_path: Path) -> None:
    product = source.products()[0]
    name, svg = product.picture(product.variants[0]), pictures.svg(product, product.variants[0])
    shutil.copy(build.IMAGES / name, tmp_path / name)
    assert render.stale(tmp_path, {name: svg}) == []
    assert render.stale(tmp_path, {name: svg + " "}) == [name]
    assert render.stale(tmp_path, {"new.png": svg}) == ["new.png"]


def test_every_picture_is_a_square_png_of_at_most_25_kb() -> None:
    assert len(PICTURES) > 140
    for path in PICTURES:
        assert path.stat().st_size <= LARGEST_PICTURE, path.name
        with Image.open(path) as image:
            assert (image.format, image.size) == ("PNG", (render.SIDE, render.SIDE)), path.name
    assert sum(path.stat().st_size for path in PICTURES) < LARGEST_FOLDER


def test_no_picture_is_empty_and_no_two_products_share_one() -> None:
    drawn: dict[bytes, str] = {}
    for path in PICTURES:
        with Image.open(path) as image:
            colours = image.convert("RGB").getcolors()
            assert colours, path.name
            assert len(colours) > 8, path.name
            other = drawn.setdefault(image.convert("RGB").tobytes(), path.name)
        assert other == path.name, f"{other} and {path.name} look the same"


def test_every_drawing_in_motifs_is_used() -> None:
    used = {product.motif for product in source.products()}
    assert {path.stem for path in (source.HERE / "motifs").glob("*.svg")} == used


@pytest.mark.parametrize("number", [0, 40, 80])
def test_the_same_product_always_gives_the_same_drawing(number: int) -> None:
    product = source.products()[number]
    again = source.products()[number]
    assert pictures.svg(product, product.variants[0]) == pictures.svg(again, again.variants[0])
