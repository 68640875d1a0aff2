"""Every step can be reached, every way leads to the end, and no circle runs without listening."""

from collections.abc import Iterable, Mapping

from dialogs.format.documents import Document
from dialogs.format.flow import END, Call, Collect, Flow, FlowSet, Path, Step, WaitStep
from dialogs.format.lint_names import nearest

Graph = Mapping[str, set[str]]


def check_graphs(document: Document, flow_set: FlowSet) -> None:
    for flow in flow_set.flows.values():
        _check_targets(document, flow)
        _check_ways(document, flow, flow_set)


def targets(step: Step) -> list[str]:
    found = [branch.target for branch in step.next]
    return [*found, step.on_timeout] if isinstance(step, WaitStep) else found


def _check_targets(document: Document, flow: Flow) -> None:
    for step in flow.steps.values():
        for target, path in _places(step):
            if target not in flow.steps and target != END:
                wanted = nearest(target, flow.steps)
                document.report("unknown_step", path, name=target, wanted=wanted)


def _places(step: Step) -> list[tuple[str, Path]]:
    """Each target and where it is written."""
    places: list[tuple[str, Path]] = []
    for index, branch in enumerate(step.next):
        key = "else" if branch.condition is None else "then"
        is_list = len(step.next) > 1 or branch.condition is not None
        path: Path = (*step.path, "next", index, key) if is_list else (*step.path, "next")
        places.append((branch.target, path))
    if isinstance(step, WaitStep):
        places.append((step.on_timeout, (*step.path, "x-wait", "on_timeout")))
    return places


def _check_ways(document: Document, flow: Flow, flow_set: FlowSet) -> None:
    graph = {name: set(targets(step)) for name, step in flow.steps.items()}
    if any(target not in graph and target != END for to in graph.values() for target in to):
        return  # unknown targets are reported; what follows would only repeat them
    reached = _reach([flow.first], graph)
    for name, step in flow.steps.items():
        if name not in reached:
            document.report("unreachable_step", step.path, name=name)
    backwards = {name: {a for a, to in graph.items() if name in to} for name in [*graph, END]}
    ending = _reach([END], backwards)
    for name in flow.steps:
        if name in reached and name not in ending:
            document.report("never_ends", flow.steps[name].path, name=name)
    _check_circles(document, flow, flow_set, graph)


def _reach(start: Iterable[str], graph: Graph) -> set[str]:
    reached: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += graph.get(name, ())
    return reached


def _check_circles(document: Document, flow: Flow, flow_set: FlowSet, graph: Graph) -> None:
    """A circle of steps that never listen would run until the circuit breaker."""
    silent = {
        name: {to for to in targets if to in flow.steps}
        for name, targets in graph.items()
        if not listens(flow.steps[name], flow_set)
    }
    for name, following in silent.items():
        if name in _reach(following, silent):
            document.report("endless_circle", flow.steps[name].path, name=name)
            return


def listens(step: Step, flow_set: FlowSet) -> bool:
    """Whether the conversation may stop at this step, or inside the flow that it calls."""
    if isinstance(step, Call) and step.flow in flow_set.flows:
        inner = flow_set.flows[step.flow].steps.values()
        return any(isinstance(each, Collect | WaitStep | Call) for each in inner)
    return isinstance(step, Collect | WaitStep)
