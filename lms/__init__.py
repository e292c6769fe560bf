"""Baeum, a learning-management system. Importing a room must not pull in another, so there is nothing here but the version."""

__version__ = "0.1.0"
