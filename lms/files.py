"""Files by hash: notebooks that were handed in, published packages, media. A file that is there is whole, and never changes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from sqlalchemy.orm import Session

from .clock import utcnow
from .errors import LMSError, NotFoundError
from .models import StoredFile
from .models.database import insert_into


class StorageError(LMSError):
    """The disk refused (full, read-only, gone). Nothing was kept; what asked for it must not be committed."""

    reason = "storage"
    sentence = "The file could not be stored: {why}"


class FileStore:
    """A folder of files named by their SHA-256, in 256 subfolders."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    def path(self, digest: str) -> Path:
        return self.root / digest[:2] / digest[2:]

    def put(self, session: Session, content: bytes, media_type: str) -> str:
        """Keep `content` for good and note it in the session; the same content is kept once. Returns its digest.

        The bytes are on the disk before this returns, so a row that is committed afterwards never names a lost file.

        Raises:
            StorageError: the disk refused.
        """
        digest = hashlib.sha256(content).hexdigest()
        try:
            self._write(self.path(digest), content)
        except OSError as error:
            raise StorageError(why=error.strerror or str(error)) from error
        row = {"digest": digest, "size": len(content), "media_type": media_type, "created_at": utcnow()}
        session.execute(insert_into(session, StoredFile).values(row).on_conflict_do_nothing())
        return digest

    def read(self, digest: str) -> bytes:
        """Raises NotFoundError where the store does not hold it."""
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError:
            raise NotFoundError() from None

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
