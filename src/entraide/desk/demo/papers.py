"""The orders of the story: small PDFs that say of themselves that they are none."""

import io
from collections.abc import Sequence
from textwrap import wrap

import pikepdf
from pikepdf import Dictionary, Name

_A4 = (595, 842)
_LEFT, _TOP = 62, 770
_TITLE, _BODY, _LEADING = 17, 10.5, 16
_COLUMNS = 88


def order(*, authority: str, title: str, reference: str, day: str, paragraphs: Sequence[str]) -> bytes:
    """Return a one-page PDF; the same words give the same bytes."""
    lines: list[tuple[float, str]] = [
        (9, "DEMO: not a real order. Made-up authority, people and addresses."),
        (_BODY, ""),
        (_BODY, authority),
        (_BODY, f"{day}    {reference}"),
        (_BODY, ""),
        (_TITLE, title),
        (_BODY, ""),
    ]
    for paragraph in paragraphs:
        lines += [(_BODY, line) for line in wrap(paragraph, _COLUMNS, break_long_words=False)] + [(_BODY, "")]
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )
    page = Dictionary(
        Type=Name.Page,
        MediaBox=[0, 0, *_A4],
        Resources=Dictionary(Font=Dictionary(F1=font)),
        Contents=pdf.make_stream(_drawn(lines)),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.docinfo["/Title"] = f"{title} ({reference})"
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()


def _drawn(lines: Sequence[tuple[float, str]]) -> bytes:
    """Return the page's drawing: each line under the one before, in the encoding the font is told."""
    parts = [b"BT", f"{_LEFT} {_TOP} Td".encode()]
    for size, text in lines:
        escaped = text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        leading = f"0 -{_LEADING if size <= _BODY else 24} Td"
        parts += [f"/F1 {size} Tf".encode(), b"(" + escaped + b") Tj", leading.encode()]
    return b"\n".join([*parts, b"ET"])
