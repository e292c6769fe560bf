"""The files for a real server agree with the program: its port, its limits, and what the sandbox needs."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from lms.settings import Settings

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
DEFAULTS = Settings(secret_key="s" * 40)
# Each takes away something from which namespaces are made or the learner's /proc is mounted.
AGAINST_THE_SANDBOX = (
    "RestrictNamespaces", "ProtectProc", "ProcSubset", "ProtectKernelTunables", "ProtectKernelLogs", "PrivateUsers",
    "SystemCallFilter", "ProtectControlGroups",
)  # fmt: skip


@pytest.fixture
def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DEPLOY / "baeum.service", "utf-8")
    return parser


def test_the_service_is_no_root_and_leaves_the_sandbox_what_it_needs(unit: configparser.RawConfigParser) -> None:
    service = unit["Service"]
    assert service["User"] not in ("root", "0")
    assert not set(AGAINST_THE_SANDBOX) & set(service)
    assert service["OOMPolicy"] == "continue"
    assert service["ExecStart"].endswith("flask lms serve")


def test_the_service_may_write_what_the_site_writes(unit: configparser.RawConfigParser) -> None:
    service = unit["Service"]
    assert f"{service['WorkingDirectory']}/instance" in service["ReadWritePaths"].split()


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_a_proxy_speaks_to_the_port_and_lets_every_notebook_through(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    assert f"{DEFAULTS.host}:{DEFAULTS.port}" in text
    allowed = re.search(r"(?:client_max_body_size|max_size) (\d+)(?:m|MB)\b", text)
    assert allowed is not None
    assert int(allowed.group(1)) == DEFAULTS.notebook_mb + 2
    assert "/metrics" in text or "metrics|" in text


def test_nginx_passes_no_address_on_that_a_visitor_claims() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for header in ("Host", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "X-Request-ID"):
        assert f"proxy_set_header {header} $" in text
    assert "proxy_add_x_forwarded_for" not in text
