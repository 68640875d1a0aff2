"""Each third-party library has one home and is met there only."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import modules, name_of, tree

# Where each may be imported: a file, or every file below a folder. Engine, mapped classes and
# writes of the shop's facts live in data/; a page or an action may word its own read (ADR 0005).
HOMES: dict[str, tuple[str, ...]] = {
    "alembic": ("data/",),
    "argon2": ("bot/web/passwords.py",),
    "babel": ("bot/web/", "dialogs/wording.py"),
    "cn2an": ("dialogs/understanding/",),
    "cryptography": ("data/kernel/encryption.py", "integrations/payments/"),
    "defusedxml": ("integrations/catalogues/", "bot/channels/wechat_xml.py"),
    "fastapi": ("bot/",),
    "httpcore": ("integrations/",),
    "httpx": ("integrations/",),
    "jinja2": ("bot/web/templates.py",),
    "lunar_python": ("data/occasions/lunar.py", "dialogs/understanding/values/calendar.py"),
    "numpy": ("dialogs/understanding/",),
    "opencc": ("dialogs/understanding/",),
    "PIL": ("bot/webchat/pictures.py", "data/seeds/render.py"),
    "playwright": ("data/seeds/render.py",),
    "pydantic": ("bot/", "integrations/"),
    "pytest": ("bot/play/pytest_plugin.py",),
    "rasa_sdk": ("dialogs/actions/executor.py",),
    "re2": ("dialogs/format/",),
    "ruamel": ("dialogs/", "bot/demo/seeding.py"),
    "segno": ("bot/pages/handing_over.py",),
    "sklearn": ("dialogs/understanding/train.py",),
    "scipy": ("dialogs/understanding/train.py",),
    "sqlalchemy": ("data/", "bot/", "dialogs/", "integrations/payments/sandbox.py"),
    "starlette": ("bot/",),
    "telegram": ("bot/channels/",),
    "uvicorn": ("bot/serving/", "bot/demo/"),
    "wechatpy": ("bot/channels/wechat_seal.py",),
}
OURS = {"bot", "dialogs", "integrations", "data"}


def test_each_library_is_met_in_its_home_only() -> None:
    strays = [
        f"{name_of(file)}: {library}"
        for file in modules()
        for library in libraries(file)
        if library in HOMES and not at_home(library, file)
    ]
    assert not strays


def test_no_library_comes_in_without_a_home() -> None:
    homeless = {
        library
        for file in modules()
        for library in libraries(file)
        if library not in HOMES and library not in OURS
    }
    assert not homeless


def at_home(library: str, file: Path) -> bool:
    return any(name_of(file).startswith(home) for home in HOMES[library])


def libraries(file: Path) -> Iterator[str]:
    """Top-level names of what a module imports from outside the standard library."""
    for node in ast.walk(tree(file)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names:
                yield top
