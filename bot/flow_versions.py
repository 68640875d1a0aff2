"""What `tuanzi flows` tells of a shop's versions, and how old ones end."""

import argparse
import json
import sys

from sqlalchemy.orm import Session

from bot.api.drafting import differences, find_version
from bot.app import Tuanzi
from bot.terminal import EXIT_SOUND, CannotDo, complain
from bot.which_shop import find_merchant
from data.flows import collect, collectable, history, known_versions, pinned_versions, retire


def _history(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """One JSON line for each move of the live pointer, the newest first."""
    with tuanzi.database.reading() as session:
        merchant = find_merchant(session, options.merchant)
        moves = history(session, merchant_id=merchant.id)
        stored = set(known_versions(session, merchant_id=merchant.id))
        pinned = pinned_versions(session, merchant_id=merchant.id)
    for move in moves:
        line = {
            "at": move.at.isoformat(),
            "by": move.by,
            "kind": move.kind,
            "from": move.from_sha,
            "to": move.to_sha,
            "stored": move.to_sha in stored,
            "in_use": move.to_sha in pinned,
        }
        sys.stdout.write(json.dumps(line) + "\n")
    return EXIT_SOUND


def _diff(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """As `diff -u` shows two folders."""
    with tuanzi.database.reading() as session:
        merchant_id = find_merchant(session, options.merchant).id
        old, new = (
            find_version(session, merchant_id=merchant_id, sha=_named(session, merchant_id, name))
            for name in (options.old, options.new)
        )
        lines = differences(old.sources, new.sources)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return EXIT_SOUND


def _collect(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    """The names of the versions that are gone; with --dry-run, that would be."""
    kept_since = tuanzi.clock.now() - tuanzi.settings.keeping.versions
    with tuanzi.database.transaction() as session:
        merchant = find_merchant(session, options.merchant)
        end = collectable if options.dry_run else collect
        gone = end(session, merchant_id=merchant.id, kept_since=kept_since)
    sys.stdout.writelines(f"{sha}\n" for sha in gone)
    complain("cli.collected" if not options.dry_run else "cli.collectable", count=len(gone))
    return EXIT_SOUND


def _retire(options: argparse.Namespace, tuanzi: Tuanzi) -> int:
    with tuanzi.database.transaction() as session:
        merchant_id = find_merchant(session, options.merchant).id
        sha = _named(session, merchant_id, options.sha)
        retire(session, merchant_id=merchant_id, sha=sha, now=tuanzi.clock.now())
    sys.stdout.write(f"{sha}\n")
    return EXIT_SOUND


def _named(session: Session, merchant_id: str, name: str) -> str:
    """The one version whose name begins so."""
    versions = known_versions(session, merchant_id=merchant_id)
    found = [sha for sha in versions if name and sha.startswith(name)]
    if len(found) != 1:
        raise CannotDo(("cli.which_version", {"name": name, "count": len(found)}))
    return found[0]


VERBS = {"history": _history, "diff": _diff, "gc": _collect, "retire": _retire}
