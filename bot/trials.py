"""The gate before publishing: a version's own stories are acted, and red ones keep it back.

A story is a stranger's program. It runs in a process of its own (bot/play/trial.py), with no
transaction open here, for SECONDS at most, one trial of a shop at a time; the same stories of the
same version are not acted again.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot.api.drafting import find_version
from bot.flow_ways import ways_to
from bot.play.failures import Cut, Failure
from bot.play.finding import stories_among
from bot.play.limits import MEMORY, NO_MEMORY, SECONDS, read_all
from bot.trial_places import TrialPlaces
from bot.web.scope import changing, looking
from data.flows import FlowVersion, publish
from data.flows.trial_models import FlowTrial
from data.flows.trials import Outcome, keep_trial, newest_trial, override
from data.kernel.database import Database
from data.kernel.errors import Invalid, Refused
from dialogs.format import Source

_ROOT = Path(__file__).parents[1]
_PATIENCE = 5  # seconds: who waits for another one's stories holds a thread of the server
# A trial computes all the time, politely: half of the cores are left to the shops, or, where there
# are two, as much of both as those want.
_places = TrialPlaces(max(2, len(os.sched_getaffinity(0)) // 2))
# C++ that gets no memory aborts.
_ENDS = {NO_MEMORY: Cut.MEMORY, -signal.SIGABRT: Cut.MEMORY, -signal.SIGXCPU: Cut.LATE}


@dataclass(frozen=True, slots=True)
class Terms:
    """How a version is published. `despite`: the reason to do it though its stories fail;
    `migrate`: where running conversations go on in it."""

    despite: str | None = None
    migrate: Source | None = None


_PLAINLY = Terms()


class StoriesRed(Refused):
    """`trial` says which stories failed, and how."""

    def __init__(self, trial: FlowTrial) -> None:
        super().__init__("stories")
        self.trial = trial


def try_version(
    database: Database, *, merchant_id: str, sha: str, by: str, now: datetime
) -> FlowTrial | None:
    """What its stories say of a version; None where it has none. One that was cut short says
    something of this machine too, so those stories are acted again."""
    with looking(database, merchant_id) as session:
        version = find_version(session, merchant_id=merchant_id, sha=sha)
        stories = stories_among(version.sources)
        trial = trial_of(session, version)
        document = version.document
    if not stories or (trial is not None and not was_cut_short(trial)):
        return trial
    results = act(document, stories, shop=merchant_id)
    failures = [line for line in results if line["failure"]]
    outcome = Outcome(sha, stories_sha(stories), len(results) - len(failures), failures)
    with changing(database, merchant_id) as session:
        return keep_trial(session, merchant_id=merchant_id, outcome=outcome, by=by, now=now)


def was_cut_short(trial: FlowTrial) -> bool:
    """By this machine: how much memory they want is the stories' own."""
    cuts = {line["failure"].get("cut") for line in trial.failures}
    return bool(cuts & {Cut.LATE, Cut.BROKEN})


def trial_of(session: Session, version: FlowVersion) -> FlowTrial | None:
    """The newest trial by the stories that stand there now."""
    stories = stories_sha(stories_among(version.sources))
    return newest_trial(session, merchant_id=version.merchant_id, sha=version.sha, stories=stories)


def publish_tried(
    session: Session,
    *,
    merchant_id: str,
    sha: str,
    by: str,
    now: datetime,
    terms: Terms = _PLAINLY,
) -> None:
    """Publish a version whose stories hold; StoriesRed else, unless somebody says why, which is
    written down. Refused where the stories were not acted yet; FlowProblems where the migrate map
    has mistakes."""
    version = find_version(session, merchant_id=merchant_id, sha=sha)
    if stories_among(version.sources):
        trial = trial_of(session, version)
        if trial is None:
            raise Refused("stories_untried")
        if trial.is_red:
            _override(session, trial, terms.despite, by, now)
    ways = ways_to(session, merchant_id=merchant_id, sha=sha, migrate=terms.migrate)
    publish(session, merchant_id=merchant_id, sha=sha, by=by, now=now, ways=ways)


def _override(
    session: Session, trial: FlowTrial, despite: str | None, by: str, now: datetime
) -> None:
    if despite is None:
        session.expunge(trial)  # it is shown after this transaction is undone
        raise StoriesRed(trial)
    if not despite.strip():
        raise Invalid("reason")
    override(session, trial=trial, reason=despite.strip(), by=by, now=now)


def stories_sha(stories: Mapping[str, str]) -> str:
    """Names these very stories: with others, or with others recorded, it is another trial."""
    return hashlib.sha256(json.dumps(stories, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Ran:
    """What the process said, and why it said no more if that was not its end."""

    said: str
    cut: Cut = Cut.LATE


def act(document: str, stories: Mapping[str, str], *, shop: str) -> list[dict[str, Any]]:
    """Each story with its failure or None. One that was not reached has failed, and says why."""
    with _places.place(shop, patience=_PATIENCE):
        ran = _run(json.dumps({"document": document, "sources": dict(stories)}))
    whole = ran.said[: ran.said.rfind("\n") + 1]  # the last line may be half a line
    results = [json.loads(line) for line in whole.splitlines()]
    most = f"{MEMORY} GiB" if ran.cut is Cut.MEMORY else f"{SECONDS} s"
    for story in read_all(stories)[len(results) :]:
        failure = Failure(story.place, most, cut=ran.cut)
        results.append({"story": story.name, "failure": failure.to_json()})
    return results


def _run(asked: str) -> Ran:
    """Until the process ended or was ended."""
    with tempfile.TemporaryDirectory(prefix="tuanzi-trial-") as folder:
        process = subprocess.Popen(  # our own module, nothing of theirs on the line
            [sys.executable, "-m", "bot.play.trial"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=folder,
            env=_environment(folder),
        )
        try:
            said = process.communicate(asked, timeout=SECONDS)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            return Ran(process.communicate()[0])
        return Ran(said, _ENDS.get(process.returncode, Cut.BROKEN))


def _environment(folder: str) -> dict[str, str]:
    """None of our settings, so none of our secrets."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(_ROOT),
        "PYTHONIOENCODING": "utf-8",
        "TMPDIR": folder,
        "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
    }
