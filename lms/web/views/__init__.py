"""The pages, one blueprint a topic. All are registered on the one blueprint of `extension.LMS`."""

from flask import Blueprint

from . import account, classroom, company, desk, health, kernel, learn, metrics, office, operations, public, setup, sign_in, workspace

ALL_VIEWS: tuple[Blueprint, ...] = (
    learn.bp,
    workspace.bp,
    kernel.bp,
    account.bp,
    classroom.bp,
    desk.bp,
    company.bp,
    office.bp,
    public.bp,
    operations.bp,
    health.bp,
)
# Where a host signs people in, these don't exist.
STANDALONE_VIEWS: tuple[Blueprint, ...] = (sign_in.bp, setup.bp, metrics.bp)
