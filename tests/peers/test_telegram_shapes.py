"""What our tests take for Telegram's, another library takes for it too."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import ValidationError

_FOLDER = Path(__file__).parents[1] / "recordings" / "telegram"


@pytest.mark.parametrize("file", sorted(_FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_another_library_takes_the_recorded_shapes_for_telegrams_own(
    another_library: ModuleType, file: Path
) -> None:
    recorded = json.loads(file.read_text(encoding="utf-8"))
    another_library.types.Update.model_validate(recorded["update"])


@pytest.mark.parametrize("name", ["no_is_bot", "no_chat_instance"])
def test_what_telegrams_own_guide_sends_is_refused_by_another_library_too(
    another_library: ModuleType, name: str
) -> None:
    poison = json.loads((_FOLDER / "poison" / f"{name}.json").read_text(encoding="utf-8"))
    with pytest.raises(ValidationError):
        another_library.types.Update.model_validate(poison)
