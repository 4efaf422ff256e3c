"""Fonts that came with the build: Noto Sans, Noto Sans Mono, Noto Naskh Arabic (OFL, licences beside them)."""

from pathlib import Path

BUILT = Path(__file__).parent / "static" / "ui" / "build"


def pdf_font_paths() -> list[Path]:
    """Return the folders of TrueType fonts for PDFs; give them to typst with system fonts switched off.

    Families: "Noto Sans" (400, 600, 700, italic), "Noto Sans Mono" (400, 700), "Noto Naskh Arabic" (400, 700).

    Raises
    ------
    FileNotFoundError
        If the pages were never built; the message says how to.
    """
    folder = BUILT / "pdf-fonts"
    if not folder.is_dir():
        raise FileNotFoundError("the fonts for PDFs are not there yet: run ./entraide setup")
    return [folder]
