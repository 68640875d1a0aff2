"""YAML files on a disk: which of a folder are meant, and their text whatever saved them.

Bytes that are no UTF-8 stay in the text as half characters, so that whoever reads it can point at
the first of them (`not_utf8`); the mark that Windows puts before UTF-8 is dropped.
"""

from pathlib import Path

ENDINGS = (".yml", ".yaml")


def is_yaml(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS


def yaml_files(path: Path) -> list[Path]:
    """All below a folder, or the one file, whatever it is called."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if is_yaml(file) and file.is_file())


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig", errors="surrogateescape")
