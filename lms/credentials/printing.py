"""From a certificate's frozen words to its PDF. Made once and then kept, so that a reprint is the same byte for byte."""

from __future__ import annotations

import hashlib
import io
import json
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from lms import documents
from lms.documents import pictures
from lms.files import FileStore
from lms.models import Certificate

TEMPLATE = "certificate-1"
PDF_TYPE = "application/pdf"
GROUP = 4

# All words on the paper, in a language, from the printed facts: see `lms/web/paper.py`.
Words = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


def shown(token: str) -> str:
    """As it stands on the paper: ABCD-EFGH-JKMN-PQRS."""
    return "-".join(token[start : start + GROUP] for start in range(0, len(token), GROUP))


def address_of(facts: Mapping[str, Any]) -> str:
    """Where the QR code leads."""
    return f"{facts['address'].rstrip('/')}/{facts['code']}"


def digest_of(template: str, facts: Mapping[str, Any], words: Mapping[str, Any], language: str) -> str:
    """Of all that the PDF is made from."""
    made_from = {"template": template, "facts": facts, "words": words, "language": language}
    return hashlib.sha256(json.dumps(made_from, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def data_of(certificate: Certificate, files: FileStore) -> dict[str, Any]:
    """What the template reads."""
    facts = certificate.facts
    issued = date.fromisoformat(facts["issued_on"])
    return {
        **certificate.words,
        "language": certificate.language,
        "day": [issued.year, issued.month, issued.day],
        "address": facts["address"],
        "code": facts["code"],
        "qr": documents.qr_svg(address_of(facts)),
        "seal": _picture(files, facts["seal"]),
        "signature": _picture(files, facts["signature"]),
    }


def _picture(files: FileStore, digest: str | None) -> str:
    return pictures.as_svg(pictures.read_png(files.read(digest))) if digest else ""


def make(certificates: Sequence[Certificate], files: FileStore, *, seconds: int = 120) -> Iterator[bytes]:
    """The PDFs, in this order, one at a time in memory. All are of one template. Raises DocumentError."""
    if certificates:
        each = (data_of(certificate, files) for certificate in certificates)
        yield from documents.render_many(certificates[0].template, each, seconds=seconds, accessible=True)


def keep(session: Session, files: FileStore, made: Mapping[int, bytes]) -> None:
    """Keep PDFs by their certificates' ids. One that another has kept meanwhile stays: it is the same."""
    for id_, pdf in made.items():
        digest = files.put(session, pdf, PDF_TYPE)
        session.execute(
            update(Certificate)
            .where(Certificate.id == id_, Certificate.pdf.is_(None), Certificate.words != {})
            .values(pdf=digest)
            .execution_options(synchronize_session=False)
        )


def zipped(entries: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A zip file of these names and contents, piece by piece: no more than one of them is in memory. The same entries give the
    same bytes. PDFs are packed already, so they are stored as they are."""
    target = _Pieces()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content)
            yield target.take()
    yield target.take()


class _Pieces(io.RawIOBase):
    """A file that can't be turned back, so that what was written may leave at once."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._written.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


def file_name(certificate: Certificate) -> str:
    """Number and name, of letters that every file system takes."""
    name = unicodedata.normalize("NFC", str(certificate.facts.get("name", "")))
    kept = "".join(one if one.isalnum() or one in " .-" else "_" for one in name).strip(" .")
    return f"{certificate.number} {kept}.pdf"
