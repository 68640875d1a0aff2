"""Every step can be reached, every way leads to the end, and no circle runs without listening."""

from dialogs.format.documents import Document
from dialogs.format.flow import END, Flow, FlowSet, Link, Path, Step, WaitStep
from dialogs.format.lint_links import Graph, Listening, check_links, reach, targets
from dialogs.format.lint_names import nearest


def check_graphs(document: Document, flow_set: FlowSet) -> None:
    listening = Listening(flow_set, dict.fromkeys(document.open_ways, False))
    for flow in flow_set.flows.values():
        _check_targets(document, flow)
        if flow.id not in document.open_ways:
            _check_ways(document, flow, listening)
    check_links(document, flow_set)


def _check_targets(document: Document, flow: Flow) -> None:
    for step in flow.steps.values():
        for target, path in _places(step):
            if target in flow.steps or target == END:
                continue
            if target.upper() == END:
                document.report("end_in_capitals", path, name=target)
            else:
                wanted = nearest(target, _own_ids(document, flow))
                document.report("unknown_step", path, name=target, wanted=wanted)


def _own_ids(document: Document, flow: Flow) -> list[str]:
    """Made-up ids change when a step is put before them: nobody should write one."""
    return [step.id for step in flow.steps.values() if "id" in document.value(step.path)]


def _places(step: Step) -> list[tuple[str, Path]]:
    """Each target and where it is written."""
    places: list[tuple[str, Path]] = []
    for index, branch in enumerate(step.next):
        key = "else" if branch.condition is None else "then"
        is_list = len(step.next) > 1 or branch.condition is not None
        path: Path = (*step.path, "next", index, key) if is_list else (*step.path, "next")
        places.append((branch.target, path))
    if isinstance(step, WaitStep) and step.on_timeout is not None:
        places.append((step.on_timeout, (*step.path, "x-wait", "on_timeout")))
    return places


def _check_ways(document: Document, flow: Flow, listening: Listening) -> None:
    graph = {name: set(targets(step)) for name, step in flow.steps.items()}
    if any(target not in graph and target != END for to in graph.values() for target in to):
        return  # unknown targets are reported; what follows would only repeat them
    reached = reach([flow.first], graph)
    reached |= _check_last_links(document, flow, graph, reached)
    for name, step in flow.steps.items():
        if name not in reached:
            document.report("unreachable_step", step.path, name=name)
    backwards = {name: {a for a, to in graph.items() if name in to} for name in [*graph, END]}
    ending = reach([END], backwards)
    for name in flow.steps:
        if name in reached and name not in ending:
            document.report("never_ends", flow.steps[name].path, name=name)
    _check_circles(document, flow, listening, graph)


def _check_last_links(document: Document, flow: Flow, graph: Graph, reached: set[str]) -> set[str]:
    """Steps below a `link` that nothing else leads to: the flow is over before they come."""
    beyond: set[str] = set()
    places = {step.path: step for step in flow.steps.values()}
    for step in flow.steps.values():
        below = places.get((*step.path[:-1], int(step.path[-1]) + 1))
        if isinstance(step, Link) and below and below.id not in reached | beyond:
            path = (*step.path, "link")
            document.report("link_not_last", path, name=step.flow, other=below.id)
            beyond |= reach([below.id], graph)
    return beyond


def _check_circles(document: Document, flow: Flow, listening: Listening, graph: Graph) -> None:
    """A circle of steps that never listen would run until the circuit breaker."""
    silent = {
        name: {to for to in targets if to in flow.steps}
        for name, targets in graph.items()
        if not listening.at(flow.steps[name])
    }
    for name, following in silent.items():
        if name in reach(following, silent):
            document.report("endless_circle", flow.steps[name].path, name=name)
            return
