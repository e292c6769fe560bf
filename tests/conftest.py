"""Fixtures for all tests: a browser, databases of both kinds, the people of the tests, and a run that they learn in."""

pytest_plugins = ("tests.browsers", "tests.databases", "tests.world", "tests.classroom", "tests.runtimes")
