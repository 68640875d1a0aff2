"""A merchant's own repository: stories in files, the flows they are acted on, what was heard."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bot.play.actor import play
from bot.play.finding import stories_among
from bot.play.heard import Recording, Replaying, beside, read_heard, write_heard
from bot.play.reading import read_stories
from bot.play.scene import See
from bot.play.story import Story
from bot.play.world import Kit
from bot.yaml_files import text_of, yaml_files
from dialogs.actions.shelf import ACTIONS
from dialogs.format import FlowProblems, Position, Problem, flow_set_to_json, load_flow_set
from dialogs.house import Understanding
from dialogs.understanding import understand


@dataclass
class Repository:
    """`flows`: a folder or a file; left out, the flows that ship. `root`: the folder of the run,
    from which files are named."""

    flows: Path | None = None
    catalogue: Path | None = None
    records: bool = False
    root: Path = field(default_factory=Path.cwd)
    _recorded: dict[Path, Recording] = field(default_factory=dict)
    _replayed: dict[Path, Replaying] = field(default_factory=dict)
    _documents: dict[frozenset[str], str] = field(default_factory=dict)

    def stories(self, file: Path) -> list[Story]:
        return read_stories(file, called=self._called(file))

    def play(self, file: Path, story: Story, *, see: See | None = None) -> None:
        stubbed = frozenset(stub.action for stub in story.stubs)
        kit = Kit(self._document(stubbed), self._feed)
        play(story, kit=kit, listener=self._listener(file), see=see)

    def write(self) -> None:
        """What was heard in this run, beside the stories it was heard in."""
        for file, recording in self._recorded.items():
            beside(file).write_text(write_heard(recording.entries), encoding="utf-8")

    @cached_property
    def _feed(self) -> bytes | None:
        return self.catalogue.read_bytes() if self.catalogue else None

    def _document(self, stubbed: frozenset[str]) -> str | None:
        """Checked as before any publish; a stubbed action needs no package."""
        if self.flows is None:
            return None
        if stubbed not in self._documents:
            runnable = {*ACTIONS, *stubbed}
            flow_set = load_flow_set(self._sources(self.flows), runnable=runnable)
            self._documents[stubbed] = flow_set_to_json(flow_set)
        return self._documents[stubbed]

    def _listener(self, file: Path) -> Understanding:
        """What was recorded for this file, if anything was; else the chain itself."""
        if self.records:
            return self._recorded.setdefault(file, Recording())
        heard = beside(file)
        if file not in self._replayed and heard.exists():
            entries = read_heard(self._called(heard), text_of(heard))
            self._replayed[file] = Replaying(entries)
        return self._replayed.get(file, understand)

    def _sources(self, path: Path) -> dict[str, str]:
        """Flow files by their names below the folder; stories may stand beside them."""
        files = {str(file.relative_to(path.parent)): text_of(file) for file in yaml_files(path)}
        stories = stories_among(files)
        if files.keys() <= stories.keys():
            code = "only_stories" if stories else "no_flow_files"
            raise FlowProblems([Problem(code, Position(self._called(path)))])
        return {name: text for name, text in files.items() if name not in stories}

    def _called(self, file: Path) -> str:
        """So that a terminal can open it; a folder that is elsewhere has no shorter name."""
        file, root = file.absolute(), self.root.absolute()
        return str(file.relative_to(root) if file.is_relative_to(root) else file)
