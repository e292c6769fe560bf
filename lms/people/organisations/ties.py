"""What companies have to do with one another: digital clusters, and the partner that carries a part of the cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.models import Cluster, ClusterMember, Company, Sponsorship, new_uid

from .. import changes
from ..viewers import Viewer
from . import companies, places
from .companies import CompanyError


def list_clusters(session: Session) -> Sequence[Cluster]:
    return session.scalars(select(Cluster).order_by(Cluster.name, Cluster.id)).all()


def count_members(session: Session, day: date) -> list[tuple[Cluster, int]]:
    """Each cluster with how many companies are in it on a day."""
    rows = session.execute(
        select(Cluster, func.count(ClusterMember.id))
        .outerjoin(
            ClusterMember,
            (ClusterMember.cluster_id == Cluster.id) & places.covers(ClusterMember.from_on, ClusterMember.to_on, day),
        )
        .group_by(Cluster.id)
        .order_by(Cluster.name, Cluster.id)
    )
    return [(cluster, count) for cluster, count in rows]


def list_memberships(session: Session, company: Company) -> list[tuple[ClusterMember, Cluster]]:
    """The newest first."""
    rows = session.execute(
        select(ClusterMember, Cluster)
        .join(Cluster, Cluster.id == ClusterMember.cluster_id)
        .where(ClusterMember.company_id == company.id)
        .order_by(ClusterMember.from_on.desc(), ClusterMember.id.desc())
    )
    return [(member, cluster) for member, cluster in rows]


def list_partners(session: Session, company: Company) -> list[tuple[Sponsorship, Company]]:
    """The newest first."""
    rows = session.execute(
        select(Sponsorship, Company)
        .join(Company, Company.id == Sponsorship.partner_id)
        .where(Sponsorship.company_id == company.id)
        .order_by(Sponsorship.from_on.desc())
    )
    return [(sponsorship, partner) for sponsorship, partner in rows]


def add_cluster(session: Session, viewer: Viewer | None, name: str, *, address: str = "") -> Cluster:
    """Raises CompanyError: name_missing, name_too_long, name_taken."""
    name = companies.checked_name(name)
    if session.scalar(select(Cluster.id).where(Cluster.name == name)) is not None:
        raise CompanyError("name_taken")
    uid = new_uid()
    cluster = Cluster(uid=uid, slug=f"cluster-{uid.hex[-12:]}", name=name)
    record = changes.begin(session, "cluster_added", actor_id=viewer.id if viewer else None, address=address)
    session.add(cluster)
    session.flush()
    record.about(f"cluster:{cluster.id}")
    record.add(cluster)
    return cluster


def join_cluster(
    session: Session, viewer: Viewer | None, company: Company, cluster: Cluster, *, from_on: date, address: str = ""
) -> None:
    """From a day on. Raises CompanyError: merged, same (it is in it on that day or will be)."""
    companies.check_open(company)
    inside = select(ClusterMember.id).where(
        ClusterMember.company_id == company.id,
        ClusterMember.cluster_id == cluster.id,
        or_(ClusterMember.to_on.is_(None), ClusterMember.to_on >= from_on),
    )
    if session.scalar(inside) is not None:
        raise CompanyError("same")
    record = companies.begin(session, viewer, "cluster_joined", company, "", address)
    record.add(ClusterMember(cluster_id=cluster.id, company_id=company.id, from_on=from_on))


def leave_cluster(
    session: Session, viewer: Viewer | None, company: Company, cluster: Cluster, *, to_on: date, address: str = ""
) -> None:
    """`to_on` is the last day. Raises CompanyError: same (it is in it no more), too_early."""
    row = session.scalar(
        select(ClusterMember).where(
            ClusterMember.company_id == company.id,
            ClusterMember.cluster_id == cluster.id,
            ClusterMember.to_on.is_(None),
        )
    )
    if row is None:
        raise CompanyError("same")
    if to_on < row.from_on:
        raise CompanyError("too_early")
    companies.begin(session, viewer, "cluster_left", company, "", address).alter(row, to_on=to_on)


def set_partner(
    session: Session,
    viewer: Viewer | None,
    company: Company,
    partner: Company | None,
    *,
    from_on: date,
    address: str = "",
) -> None:
    """Another partner from a day on, or none any more. Raises CompanyError: merged, itself, same, too_early."""
    companies.check_open(company)
    if partner is not None and partner.id == company.id:
        raise CompanyError("itself")
    newest = session.scalar(
        select(Sponsorship).where(Sponsorship.company_id == company.id).order_by(Sponsorship.from_on.desc()).limit(1)
    )
    now = newest if newest is not None and newest.to_on is None else None
    if (now.partner_id if now else None) == (partner.id if partner else None):
        raise CompanyError("same")
    if newest is not None and from_on <= (newest.to_on or newest.from_on):
        raise CompanyError("too_early")
    record = companies.begin(session, viewer, "partner_set" if partner else "partner_ended", company, "", address)
    if now is not None:
        record.alter(now, to_on=from_on - timedelta(days=1))
    if partner is not None:
        record.add(Sponsorship(company_id=company.id, partner_id=partner.id, from_on=from_on))
