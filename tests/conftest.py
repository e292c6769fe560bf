"""Fixtures for all tests: a browser, databases of both kinds, and the people of the tests."""

pytest_plugins = ("tests.browsers", "tests.databases", "tests.world")
