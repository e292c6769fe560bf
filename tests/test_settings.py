"""A wrong setting stops the start and says how to mend it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lms.settings import FILE_NAME, Settings, SettingsError, load_settings, write_fresh

SECRET = "s" * 40


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    (tmp_path / FILE_NAME).write_text(f'secret_key = "{SECRET}"\n', "utf-8")
    return tmp_path


def add(instance: Path, line: str) -> None:
    with (instance / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def test_a_secret_is_all_that_is_needed(instance: Path) -> None:
    settings = load_settings(instance, {})
    assert settings.secret_key == SECRET
    assert settings.database_url == f"sqlite:///{instance / 'lms.sqlite3'}"
    assert settings.files_dir == str(instance / "files")


def test_without_a_secret_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"secret_key is missing; `flask lms init`"):
        load_settings(tmp_path, {})


def test_a_short_secret_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match=r"LMS_SECRET_KEY: secret_key: .*length >= 32") as caught:
        load_settings(Path("nowhere"), {"LMS_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('port = "eight thousand"', r"port: Expected `int`, got `str` \(it is 'eight thousand'\)\. Mend it"),
        ("port = 0", r"port: Expected `int` >= 1 \(it is 0\)"),
        ("port = 65536", r"port: Expected `int` <= 65535"),
        ('server = "gunicorn"', r"server: Invalid enum value 'gunicorn'"),
        ("idle_minutes = 1", r"idle_minutes: Expected `int` >= 2"),
        ("web_threads = 0", r"web_threads: Expected `int` >= 1"),
        ('secure_cookies = "perhaps"', r"secure_cookies: Expected `bool`, got `str`"),
        ("secret_key = 7", r"not TOML"),
        ("port 8000", r"not TOML"),
        ("prot = 8000", r"there is no setting 'prot'; did you mean 'port'\?"),
        ("colour = 'blue'", r"there is no setting 'colour'; see docs/operator\.md"),
    ],
)
def test_a_wrong_line_of_the_file_is_named(instance: Path, line: str, said: str) -> None:
    add(instance, line)
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings(instance, {})
    assert str(caught.value).startswith(str(instance / FILE_NAME))


def test_a_file_that_is_not_utf8_is_named(instance: Path) -> None:
    (instance / FILE_NAME).write_bytes("# 설정\nport = 8000\n".encode("cp949"))
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(instance, {})


def test_the_environment_overrides_the_file(instance: Path) -> None:
    add(instance, "port = 8000")
    settings = load_settings(instance, {"LMS_PORT": "9000", "LMS_SECURE_COOKIES": "true", "PORT": "1"})
    assert (settings.port, settings.secure_cookies) == (9000, True)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("LMS_PORT", "ten", r"^LMS_PORT: port: Expected `int`"),
        ("LMS_PROT", "8000", r"^LMS_PROT: there is no setting 'prot'; did you mean 'port'\?"),
        ("LMS_SECURE_COOKIES", "ja", r"^LMS_SECURE_COOKIES: secure_cookies: "),
    ],
)
def test_a_wrong_variable_is_named(instance: Path, variable: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_settings(instance, {variable: value})


def test_variables_of_the_tests_are_no_settings(instance: Path) -> None:
    assert load_settings(instance, {"LMS_TEST_REQUIRE": "postgres"}).port == 8000


def test_a_fresh_configuration_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    assert write_fresh(instance) is True
    first = load_settings(instance, {}).secret_key
    assert write_fresh(instance) is False
    assert load_settings(instance, {}).secret_key == first
    assert stat.S_IMODE((instance / FILE_NAME).stat().st_mode) == 0o600


def test_each_site_has_another_secret(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_fresh(tmp_path / name)
    assert load_settings(tmp_path / "one", {}).secret_key != load_settings(tmp_path / "two", {}).secret_key


def test_no_secret_has_a_default() -> None:
    with pytest.raises(TypeError, match="secret_key"):
        Settings()  # type: ignore[call-arg]
