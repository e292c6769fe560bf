"""The learner's way through a course, as she goes it: page by page, form by form."""

from __future__ import annotations

from . import small_course
from .browser import Browser
from .site import Site


def test_pages(site: Site, hana: Browser) -> None:
    hana.see("/")
    hana.see(site.address())
    for key in small_course.UNIT_KEYS:
        hana.see(site.address(key))
    hana.see("/account")
