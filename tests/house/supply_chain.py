"""`python -m tests.house.supply_chain`: known holes in what the lock installs, secrets in the tree.

Where the index of advisories does not answer, it says `not audited` and goes on: a machine
without the internet must still be able to check its own work (docs/adr/0009).
"""

import json
import subprocess
import sys

from tests.house.source import PACKAGES, ROOT

_OFFLINE = ("could not be audited", "ConnectionError", "Max retries", "Failed to", "timed out")


def main() -> int:
    return max(audit_lock(), find_secrets())


def audit_lock() -> int:
    command = ["pip_audit", "--require-hashes", "--disable-pip", "--strict", "--progress-spinner",
               "off", "-r", "requirements.lock"]  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if run.returncode and any(word in run.stderr for word in _OFFLINE):
        sys.stdout.write("lock: not audited, the index of advisories does not answer\n")
        return 0
    sys.stdout.write(run.stdout or "lock: no known holes\n")
    return run.returncode


def find_secrets() -> int:
    """Anything that looks like a key or a bot token, but for what the baseline allows."""
    plugins = ["Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector"]
    quiet = [part for plugin in plugins for part in ("--disable-plugin", plugin)]
    run = subprocess.run(
        [sys.executable, "-m", "detect_secrets", "scan", "--all-files", *quiet, *PACKAGES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(run.stdout)["results"]
    for file, secrets in found.items():
        sys.stdout.write(f"{file}:{secrets[0]['line_number']}: {secrets[0]['type']}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
