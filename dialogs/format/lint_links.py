"""Where a conversation stops to listen, and circles of flows that go on without ever stopping."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dialogs.format.documents import Document
from dialogs.format.flow import END, Call, Collect, Flow, FlowSet, Link, Step, WaitStep

Graph = Mapping[str, Iterable[str]]


def targets(step: Step) -> list[str]:
    found = [branch.target for branch in step.next]
    if isinstance(step, WaitStep) and step.on_timeout is not None:
        found.append(step.on_timeout)
    return found


def reach(start: Iterable[str], graph: Graph) -> set[str]:
    """All that can be come to, the start included."""
    reached: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += graph.get(name, ())
    return reached


@dataclass(slots=True)
class Listening:
    """Whether steps listen. A called flow does if no way through it is silent. `passes`: the flows
    of which it is known whether one is; those that cannot be read whole are taken to listen."""

    flow_set: FlowSet
    passes: dict[str, bool] = field(default_factory=dict)

    def at(self, step: Step) -> bool:
        """Whether the conversation stops at this step, or within the flow that it calls."""
        if isinstance(step, Call) and step.flow in self.flow_set.flows:
            return not self._passed(step.flow)
        return isinstance(step, Collect | WaitStep)

    def _passed(self, name: str) -> bool:
        if name not in self.passes:
            self.passes[name] = False  # a flow that calls itself is told of elsewhere
            self.passes[name] = END in self.silent_ways(self.flow_set.flows[name])
        return self.passes[name]

    def silent_ways(self, flow: Flow) -> set[str]:
        """The steps, and END, that are come to from the first step without listening."""
        silent = {name: targets(step) for name, step in flow.steps.items() if not self.at(step)}
        return reach([flow.first], silent)


def check_links(document: Document, flow_set: FlowSet) -> None:
    """Flows that hand over to each other in a circle without listening never come to rest."""
    listening = Listening(flow_set, dict.fromkeys(document.open_ways, False))
    links = {
        name: list(_links(flow, listening)) if name not in document.open_ways else []
        for name, flow in flow_set.flows.items()
    }
    graph = {name: [link.flow for link in found] for name, found in links.items()}
    told: set[str] = set()
    for name, found in links.items():
        for link in found:
            within = reach([link.flow], graph)
            if name in within and name not in told:
                circle = {other for other in within if name in reach([other], graph)}
                told |= circle
                path = (*link.path, "link")
                wanted = " → ".join([*_way(name, link.flow, graph), name])
                document.report("link_circle", path, name=link.flow, wanted=wanted)


def _links(flow: Flow, listening: Listening) -> Iterator[Link]:
    ways = listening.silent_ways(flow)
    return (s for s in flow.steps.values() if isinstance(s, Link) and s.id in ways)


def _way(home: str, first: str, graph: Graph) -> list[str]:
    """The names from home up to the flow that leads back to it, by the shortest way."""
    ways = [[home, first]]
    for way in ways:
        if way[-1] == home:
            return way[:-1]
        ways += [[*way, name] for name in graph.get(way[-1], ()) if name not in way[1:]]
    return [home]
