"""The three languages that everything is said in."""

from enum import StrEnum


class Locale(StrEnum):
    """BCP 47 tags; `lang` attributes, language folders and stored preferences all use them."""

    ZH_HANS = "zh-Hans"
    ZH_HANT = "zh-Hant"
    EN = "en"

    @classmethod
    def closest(cls, tag: str | None, default: "Locale | None" = None) -> "Locale":
        """The locale nearest to any language tag a messenger or browser sends."""
        lowered = (tag or "").replace("_", "-").lower()
        if lowered.startswith("zh"):
            traditional = any(part in lowered for part in ("hant", "-tw", "-hk", "-mo"))
            return cls.ZH_HANT if traditional else cls.ZH_HANS
        if lowered.startswith("en"):
            return cls.EN
        return default or cls.EN
