"""`python -m tests.house.flow_format` writes docs/flow-format.md from the schema and the examples.

The tables are the schema's own descriptions; a word that is wrong on the page is put right there.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from dialogs.format import schema
from tests.house.source import ROOT

PAGE = ROOT / "docs" / "flow-format.md"
EXAMPLES = ROOT / "docs" / "examples" / "flows"
_PLAYS = EXAMPLES.parent / "plays.yml"

_HEAD = """\
# The format of flows

Made by `./dev docs` from the [JSON Schema](../dialogs/format/schema.json) (2020-12) and the
[examples](examples/flows), which a test plays through the engine line by line.

- `tuanzi flows schema` prints the schema, `GET /api/v1/flows/schema` gives it: an editor that knows
  JSON Schema completes and checks flow files with it.
- `tuanzi flows check FILE…` checks what no schema can as well: names, ways, texts.
- `tuanzi flows watch FOLDER` does so whenever a file is saved, and publishes what has no mistake
  ([while you write flows](operating.md#while-you-write-flows)).
- `tuanzi flows check --calm FILE…` lists what plain CALM (Rasa) does not know: the keys that begin
  with `x-`, and a few things more.

A key that is not in these tables is refused. **Bold** keys are required. Below each example stands
how it goes: what understanding makes of a message, or what happens outside; then what is said.
"""
_SHARED = ("id", "next", "metadata")  # keys of every kind of step
_FORMATS = ("id", "name", "utter", "seconds")
Rule = Mapping[str, Any]


def page() -> str:
    """The whole page."""
    parts = [_HEAD, *_files(), *_flows(), *_steps(), *_ways(), *_domain(), *_vocabulary()]
    return "\n".join(parts)


def example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


@cache
def plays() -> Mapping[str, Any]:
    """Example file to how it goes."""
    text = _PLAYS.read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = YAML(typ="safe", pure=True).load(text)
    return loaded


def _part(name: str) -> Rule:
    found: Rule = schema()["$defs"][name]
    return found


def _files() -> list[str]:
    return ["## Files\n", f"{schema()['description']}\n", _keys(schema())]


def _flows() -> list[str]:
    flow = _part("flow")
    trigger = flow["properties"]["nlu_trigger"]["items"]
    threshold = trigger["properties"]["intent"]["oneOf"][1]
    return [
        "## Flows\n", f"{flow['description']}\n", _keys(flow),
        "An entry of `nlu_trigger`:\n", _keys(trigger),
        "An `intent` with a threshold:\n", _keys(threshold),
        "`translation`:\n", _keys(flow["properties"]["translation"]),
        *_shown("flow.yml"),
    ]  # fmt: skip


def _steps() -> list[str]:
    shared = {name: _part("collect")["properties"][name] for name in _SHARED}
    parts = ["## Steps\n", f"{_part('step')['description']} Every kind may have these as well"]
    parts[-1] += " (`link` no `next`, `noop` always):\n"
    parts.append(_keys({"properties": shared}))
    for kind in _part("step")["oneOf"]:
        parts += _step(kind["$ref"].rsplit("/", 1)[1])
    return parts


def _step(kind: str) -> list[str]:
    rule = _part(kind)
    own = {name: key for name, key in rule["properties"].items() if name not in _SHARED}
    parts = [f"### {kind}\n", f"{rule['description']}\n"]
    parts.append(_keys({"properties": own, "required": rule["required"]}))
    if kind == "x-wait":
        parts += ["Inside it:\n", _keys(own["x-wait"])]
    parts += _shown(f"{kind}.yml")
    if kind == "collect":
        parts += ["### rejections\n", _keys(own["rejections"]["items"]), *_shown("rejections.yml")]
    return parts


def _ways() -> list[str]:
    branch, otherwise = _part("branch")["oneOf"]
    return [
        "## Branches\n", f"{_part('branch')['description']}\n",
        _keys(branch), "The last one:\n", _keys(otherwise),
        "The example is that of [noop](#noop); every step but `link` may branch in the same way.\n",
        "## Conditions\n", f"{_part('condition')['description']}\n",
        f"{_part('operator')['description']}\n", _named("operator", _part("operator")),
        f"{_part('constant')['description']}\n", _named("constant", _part("constant")),
        *_shown("conditions.yml"),
    ]  # fmt: skip


def _domain() -> list[str]:
    slot, mapping = _part("slot"), _part("mapping")
    return [
        "## Slots\n", f"{slot['description']}\n", _keys(slot),
        _named("type", slot["properties"]["type"]),
        f"{mapping['description']}\n", _keys(mapping),
        _named("type", mapping["properties"]["type"]), *_shown("slots.yml"),
        "## Responses\n", f"{_part('responses')['description']}\n", _keys(_part("sentence")),
        "A button:\n", _keys(_part("button")),
        f"{_part('text')['description']}\n", _keys(_part("text")["oneOf"][1]),
        *_shown("responses.yml"),
    ]  # fmt: skip


def _vocabulary() -> list[str]:
    formats = [
        (f'<a id="{name}"></a>{name}', f"`{_part(name)['pattern']}`", _part(name)["description"])
        for name in _FORMATS
    ]
    return [
        "## Patterns\n", f"{_part('pattern')['description']}\n",
        _named("flow", _part("pattern")), *_shown("pattern.yml"),
        "## Events\n", f"{_part('event')['description']}\n", _named("event", _part("event")),
        "## Names and times\n", _table(("what", "written", "meaning"), formats),
    ]  # fmt: skip


def _keys(rule: Rule) -> str:
    required = rule.get("required", ())
    rows = [
        (f"**`{name}`**" if name in required else f"`{name}`", _kind(key), key["description"])
        for name, key in rule["properties"].items()
    ]
    return _table(("key", "what it is", "what it does"), rows)


def _named(head: str, rule: Rule) -> str:
    rows = [(f"`{one['const']}`", one["description"]) for one in rule["anyOf"]]
    return _table((head, "meaning"), rows)


def _kind(rule: Rule) -> str:
    """What a value may be, with links to what has a section of its own."""
    if "$ref" in rule:
        name = rule["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{_ANCHORS.get(name, name)})"
    if "enum" in rule:
        return " or ".join(f"`{str(value).lower()}`" for value in rule["enum"])
    if "oneOf" in rule:
        return " or ".join(_kind(one) for one in rule["oneOf"])
    kinds = rule.get("type", "any value")
    if kinds == "array":
        return f"list of {_kind(rule['items'])}"
    if kinds == "object":
        return _inside(rule)
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def _inside(rule: Rule) -> str:
    """A mapping of fixed keys has a table of its own below; another says what it maps to."""
    others, keys = rule.get("additionalProperties"), rule.get("properties", {})
    if isinstance(others, dict):
        return f"name: {_kind(others)}"
    if len(keys) == 1:
        ((name, key),) = keys.items()
        return f"{{{name}: {_kind(key)}}}"
    return "keys below" if keys else "mapping"


_ANCHORS = {
    "flow": "flows", "slot": "slots", "step": "steps", "condition": "conditions",
    "next": "branches", "branch": "branches", "target": "branches", "mapping": "slots",
    "text": "responses", "button": "responses", "event": "events",
}  # fmt: skip


def _shown(name: str) -> list[str]:
    """The file, and how it goes."""
    rows = [
        (_calls(line["in"]), _calls(line.get("ran", ())), _calls(line["said"]))
        for line in plays()[name]["lines"]
    ]
    return [
        f"[{name}](examples/flows/{name}):\n",
        f"```yaml\n{example(name)}```\n",
        _table(("comes in", "runs", "is said"), rows),
    ]


def _calls(calls: Iterable[str]) -> str:
    return " ".join(f"`{call}`" for call in calls)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {line} |\n" for line in cells)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
