"""`make fuzz`: fuzzes each parser and grammar for a bounded time, and keeps each input that breaks a promise.

python -m fuzz.run                      all targets, 60 seconds each
python -m fuzz.run imap bounce          these targets
python -m fuzz.run --seconds 600        for as long as that

What was found is in fuzz/findings, with the way to see it again; what was learned is in fuzz/corpus, where the next run
goes on. Both can be deleted at any time.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from fuzz.seeds import write_dictionary, write_seeds
from fuzz.targets import TARGETS

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parent.parent
_CORPUS = Path("fuzz/corpus")
_FINDINGS = Path("fuzz/findings")
_INPUT_BYTES = 8192
_HANG_SECONDS = 60
_MEMORY_MIB = 1024


def main() -> int:
    arguments = _arguments()
    findings = [name for name in arguments.targets or TARGETS if not _fuzz(name, arguments.seconds)]
    return 1 if findings else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description="Look for inputs that break a promise of a parser.")
    parser.add_argument("targets", nargs="*", help=f"what to fuzz: {', '.join(TARGETS)}; all if none is named")
    parser.add_argument(
        "--seconds", type=int, default=int(os.environ.get("FUZZ_SECONDS", "60")), help="for each target (60)"
    )
    arguments = parser.parse_args()
    unknown = [name for name in arguments.targets if name not in TARGETS]
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}; the targets are {', '.join(TARGETS)}")
    if arguments.seconds < 1:
        parser.error("--seconds: a target is fuzzed for at least 1 second")
    return arguments


def _fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target in a process of its own, print a line about it; whether nothing was found."""
    corpus, findings = _CORPUS / name, _FINDINGS / name
    write_seeds(name, _ROOT / corpus)
    write_dictionary(name, _ROOT / _CORPUS / f"{name}.dict")
    (_ROOT / findings).mkdir(parents=True, exist_ok=True)
    before = set((_ROOT / findings).iterdir())
    done = subprocess.run(_command(name, seconds, corpus, findings), cwd=_ROOT, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode == 0:
        print(f"{name:15} nothing found: {_figures(said)}", flush=True)
        return True
    log = _ROOT / findings / "log.txt"
    log.write_text(said)
    found = sorted(path for path in (_ROOT / findings).iterdir() if path not in before and path != log)
    print(f"{name:15} FOUND: {_reason(said)} (see {log.relative_to(_ROOT)})", flush=True)
    for path in found:
        again = [sys.executable, "-m", "fuzz.target", name, str(path.relative_to(_ROOT))]
        print(f"{'':15} to see it again: {shlex.join(again)}", flush=True)
    return False


def _command(name: str, seconds: int, corpus: Path, findings: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "fuzz.target", name, "--fuzz", str(corpus)),
        f"-max_total_time={seconds}",
        f"-max_len={_INPUT_BYTES}",
        f"-timeout={_HANG_SECONDS}",
        f"-rss_limit_mb={_MEMORY_MIB}",
        f"-artifact_prefix={findings}/",
        f"-dict={_CORPUS}/{name}.dict",
        "-print_final_stats=1",
        "-verbosity=1",
    ]


def _figures(said: str) -> str:
    """How many inputs were tried, and what they covered, in libFuzzer's words."""
    runs = re.findall(r"^Done ([0-9]+) runs in ([0-9]+) second", said, re.MULTILINE)
    covered = re.findall(r"cov: ([0-9]+) ft: ([0-9]+) corp: ([0-9]+)", said)
    tried = f"{runs[-1][0]} inputs in {runs[-1][1]} s" if runs else "an unknown number of inputs"
    return f"{tried}, {covered[-1][0]} edges, corpus of {covered[-1][2]}" if covered else tried


def _reason(said: str) -> str:
    """The exception that ended the run, or libFuzzer's own words."""
    reasons = re.findall(r"^(?:[\w.]*(?:Error|Exception|Protocol)\b.*|==[0-9]+== ?ERROR: .*)$", said, re.MULTILINE)
    return reasons[0][:200] if reasons else "the process ended early"


if __name__ == "__main__":
    sys.exit(main())
