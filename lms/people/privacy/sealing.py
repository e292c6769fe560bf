"""Personal data under seal: birth dates and telephone numbers lie in the database as text that only the site's keys open.

A sealed value reads `key.text`: the name of the key, and nonce and AES-256-GCM ciphertext in base64. The column's name goes
into the seal, so that a value moved to another column doesn't open. Equal values have different seals; to find one by its
content there is the blind index, an HMAC under a second key.

The keys lie in a file of their own beside the settings, one a line, the one in use first. It is in no backup.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lms.errors import LMSError

SEALED_LENGTH = 160  # letters that a sealed value of up to 70 bytes takes at most
INDEX_LENGTH = 32
_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealError(LMSError):
    """Keys are missing or a sealed value doesn't open. Nothing was changed.

    `reason`: no_keys (there is no file), bad_keys (the file is damaged), unknown_key (sealed by a key that the file lacks),
    broken (the value was changed, or is of another column).
    """

    sentence = "Personal data can't be opened: {why}"


@dataclass(frozen=True)
class _Key:
    name: str  # from its content: the same key has the same name on every machine
    cipher: AESGCM
    index: bytes


class Sealer:
    """Seals and opens. The file is read again when it changes, so that running processes follow a change of keys."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._keys: dict[str, _Key] = {}
        self._stamp: tuple[int, int, int] | None = None

    @property
    def key_names(self) -> tuple[str, ...]:
        """Of all keys, the one in use first. Raises SealError."""
        return tuple(self._current())

    def seal(self, text: str, column: str) -> str:
        """`column` is where it will lie, as table.column. Raises SealError."""
        key = next(iter(self._current().values()))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = key.cipher.encrypt(nonce, text.encode(), column.encode())
        return f"{key.name}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, column: str) -> str:
        """Raises SealError."""
        name, _, packed = sealed.partition(".")
        key = self._current().get(name)
        if key is None:
            raise SealError("unknown_key", why=f"the key {name[:8]} is not in {self.path}.")
        try:
            content = base64.b64decode(packed, altchars=b"-_", validate=True)
            return key.cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], column.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise SealError("broken", why="a value was changed since it was sealed.") from None

    def reseal(self, sealed: str, column: str) -> str:
        """The same under the key in use; what is so already is given back as it is. Raises SealError."""
        if sealed.partition(".")[0] == self.key_names[0]:
            return sealed
        return self.seal(self.open(sealed, column), column)

    def index(self, text: str, column: str) -> str:
        """The blind index to store beside a sealed value: equal for equal texts of a column. Raises SealError."""
        return _index(next(iter(self._current().values())), text, column)

    def indexes(self, text: str, column: str) -> list[str]:
        """What to look for: while keys are being changed some rows have the index of an older one. Raises SealError."""
        return [_index(key, text, column) for key in self._current().values()]

    def _current(self) -> dict[str, _Key]:
        try:
            status = self.path.stat()
        except OSError:
            raise SealError(
                "no_keys", why=f"there is no {self.path}. Bring it back, or run `flask lms init`."
            ) from None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp != self._stamp:
            self._keys, self._stamp = _read(self.path), stamp
        return self._keys


def _index(key: _Key, text: str, column: str) -> str:
    return hmac.new(key.index, f"{column}\0{text}".encode(), hashlib.sha256).hexdigest()[:INDEX_LENGTH]


def _read(path: Path) -> dict[str, _Key]:
    try:
        lines = [line.split("#", 1)[0].strip() for line in path.read_text("ascii").splitlines()]
        keys = [_key(base64.b64decode(line, validate=True)) for line in lines if line]
    except (OSError, ValueError) as error:
        raise SealError("bad_keys", why=f"{path} can't be read ({error}).") from None
    if not keys:
        raise SealError("bad_keys", why=f"{path} holds no key.")
    return {key.name: key for key in keys}


def _key(secret: bytes) -> _Key:
    if len(secret) != _KEY_BYTES:
        raise ValueError(f"a key has {_KEY_BYTES} bytes")
    return _Key(
        name=hashlib.sha256(b"name of a key" + secret).hexdigest()[:8],
        cipher=AESGCM(_derived(secret, b"seal")),
        index=_derived(secret, b"index"),
    )


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"baeum " + purpose).derive(secret)


# The file


def write_fresh(path: Path) -> bool:
    """Make the file with one key, readable by its owner alone. False if there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(_text([_line()]))
    return True


def add_key(path: Path) -> None:
    """Put a fresh key before those that are there: new values are sealed by it, old ones still open."""
    _replace(path, [_line(), *_lines(path)])


def drop_keys(path: Path, kept: Iterable[str]) -> None:
    """Leave the keys of these names alone in the file."""
    names = set(kept)
    _replace(path, [line for line in _lines(path) if _key(base64.b64decode(line.split("#")[0])).name in names])


def _line() -> str:
    key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
    return f"{key}  # made {datetime.now(UTC):%Y-%m-%d}"


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("ascii").splitlines() if line.split("#", 1)[0].strip()]


def _text(lines: Iterable[str]) -> str:
    return "\n".join(
        (
            "# Keys of the personal data of this site, the one in use first. Keep a copy apart from the backups:",
            "# without it nobody can read birth dates and telephone numbers again.",
            *lines,
            "",
        )
    )


def _replace(path: Path, lines: list[str]) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(_text(lines))
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)
