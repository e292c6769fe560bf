"""The portal's own people, in the portal's own database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from flask_login import UserMixin
from werkzeug.security import check_password_hash, generate_password_hash

_TABLES = """
CREATE TABLE IF NOT EXISTS users (
    number TEXT PRIMARY KEY, name TEXT NOT NULL, password TEXT NOT NULL, email TEXT, is_email_verified INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS notices (id INTEGER PRIMARY KEY, text TEXT NOT NULL, author TEXT NOT NULL);
"""


@dataclass
class User(UserMixin):
    """An employee; `number` is the employee number, with which she signs in and which is never given to another."""

    number: str
    name: str
    email: str | None
    is_email_verified: bool

    def get_id(self) -> str:
        return self.number

    @property
    def verified_email(self) -> str | None:
        return self.email if self.is_email_verified else None


class Database:
    """The portal's SQLite file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def _connect(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.file))

    def prepare(self) -> None:
        with self._connect() as connection:
            connection.executescript(_TABLES)

    def add_user(self, user: User, password: str) -> bool:
        """False if there is somebody with this number."""
        row = (user.number, user.name, generate_password_hash(password), user.email, user.is_email_verified)
        with self._connect() as connection, connection:
            done = connection.execute("INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?)", row)
            return done.rowcount == 1

    def find_user(self, number: str) -> User | None:
        with self._connect() as connection:
            row = connection.execute(
                "SELECT number, name, email, is_email_verified FROM users WHERE number = ?", (number,)
            ).fetchone()
        return User(row[0], row[1], row[2], bool(row[3])) if row else None

    def is_password(self, number: str, password: str) -> bool:
        with self._connect() as connection:
            row = connection.execute("SELECT password FROM users WHERE number = ?", (number,)).fetchone()
        return row is not None and check_password_hash(row[0], password)

    def add_notice(self, text: str, author: str) -> None:
        with self._connect() as connection, connection:
            connection.execute("INSERT INTO notices (text, author) VALUES (?, ?)", (text, author))

    def list_notices(self) -> list[tuple[str, str]]:
        """Text and author, newest first."""
        with self._connect() as connection:
            return connection.execute("SELECT text, author FROM notices ORDER BY id DESC LIMIT 20").fetchall()
