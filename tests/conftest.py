"""Fixtures for all tests: databases of both kinds, and the people of the tests."""

pytest_plugins = ("tests.databases", "tests.world")
