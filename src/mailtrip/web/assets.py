"""Styles, scripts and pictures as the build hook made them (`hatch_build.py`): held in memory, named after their content."""

import gzip
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mailtrip.errors import NotFound

__all__ = ["Assets"]

_FOLDER: Final = Path(__file__).parent / "static"
_MANIFEST: Final = "manifest.json"
_A_YEAR: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes = field(repr=False)
    compressed: bytes = field(repr=False)
    media_type: str


class Assets:
    """The built files.

    Args:
        names: of the built file, by the name that templates know: `app.css` is `app-5PVKC2RZ.css`.
        files: by the built file's name.
    """

    def __init__(self, names: Mapping[str, str], files: Mapping[str, bytes]) -> None:
        self._names = dict(names)
        self._files = {name: _asset(name, content) for name, content in files.items()}

    @classmethod
    def load(cls, folder: Path = _FOLDER) -> "Assets":
        """Read what the build hook wrote; nothing, where it has not run."""
        try:
            names = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))["files"]
            return cls(names, {name: (folder / name).read_bytes() for name in names.values()})
        except FileNotFoundError:
            return cls({}, {})

    @property
    def are_there(self) -> bool:
        """Whether this installation has them: without, pages are plain."""
        return bool(self._names)

    def url(self, name: str) -> str | None:
        """The path of a file, by the name that templates know; None where it was not built."""
        built = self._names.get(name)
        return None if built is None else f"/static/{built}"

    async def serve(self, request: Request) -> Response:
        """Answer a request for a file.

        Raises:
            NotFound: there is none of this name.
        """
        name = request.path_params["name"]
        asset = self._files.get(name)
        if asset is None:
            raise NotFound(f"there is no file {name}")
        headers = {"Cache-Control": _A_YEAR, "Content-Type": asset.media_type, "Vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(asset.content, headers=headers)
        return Response(asset.compressed, headers=headers | {"Content-Encoding": "gzip"})


def _asset(name: str, content: bytes) -> _Asset:
    media_type = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _Asset(content, gzip.compress(content, mtime=0), media_type)
