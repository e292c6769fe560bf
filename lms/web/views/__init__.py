"""The pages, one blueprint a topic. All are registered on the one blueprint of `extension.LMS`."""

from flask import Blueprint

from . import (
    account,
    audit,
    classroom,
    companies,
    company,
    consents,
    desk,
    first_sign_in,
    health,
    kernel,
    learn,
    messages,
    metrics,
    office,
    operations,
    organisations,
    privacy,
    public,
    reminders,
    rosters,
    runs,
    runtime,
    setup,
    sign_in,
    slips,
    workspace,
)

ALL_VIEWS: tuple[Blueprint, ...] = (
    learn.bp,
    workspace.bp,
    kernel.bp,
    account.bp,
    classroom.bp,
    desk.bp,
    runs.bp,
    reminders.bp,
    company.bp,
    companies.bp,
    organisations.bp,
    rosters.bp,
    office.bp,
    public.bp,
    operations.bp,
    audit.bp,
    privacy.bp,
    messages.bp,
    messages.mail_bp,
    consents.bp,
    health.bp,
    runtime.bp,
)
# Where a host signs people in, these don't exist.
STANDALONE_VIEWS: tuple[Blueprint, ...] = (sign_in.bp, first_sign_in.bp, slips.bp, setup.bp, metrics.bp)
