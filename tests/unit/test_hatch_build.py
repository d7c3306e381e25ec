"""The build hook of the dashboard's files: nothing is done twice, and what fails is told."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "hatch_build.py"


@pytest.fixture
def hook(tmp_path: Path) -> ModuleType:
    """The hook of a project with one script, which needs no package of npm's."""
    found = importlib.util.spec_from_file_location("hatch_build", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    module.__dict__.update(
        ROOT=tmp_path,
        SOURCES=tmp_path / "assets",
        STATIC=tmp_path / "static",
        MANIFEST=tmp_path / "static/manifest.json",
        INPUTS=(tmp_path / "package.json",),
    )
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/app.js").write_text("console.log(1);\n", encoding="utf-8")
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    return module


def test_what_npm_says_is_told_with_the_remedy(hook: ModuleType) -> None:
    with pytest.raises(hook.AssetsFailed) as caught:  # a project without a lock, which npm refuses
        hook.build()

    assert "npm could not fetch its packages: see that this machine reaches the npm registry" in str(caught.value)
    assert "npm error" in str(caught.value)


def test_nothing_is_built_again_until_something_has_changed(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []

    def bundle() -> dict[str, str]:
        hook.STATIC.mkdir(parents=True)
        (hook.STATIC / "app-1.js").write_text("1", encoding="utf-8")
        return {"app.js": "app-1.js"}

    monkeypatch.setattr(hook, "_install", lambda: runs.append("npm"))
    monkeypatch.setattr(hook, "_take_fonts", lambda: None)
    monkeypatch.setattr(hook, "_bundle", bundle)
    hook.build()
    hook.build()
    assert runs == ["npm"]

    (hook.SOURCES / "app.js").write_text("console.log(2);\n", encoding="utf-8")
    hook.build()

    assert runs == ["npm", "npm"]
