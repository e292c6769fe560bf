"""Rows of before the migration get the day of their enrolment and what their company was on it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, text

from lms import migrations
from lms.models import CompanyStatus, Enrolment, make_engine
from tests.models.test_migrations import migrate_to

_BEFORE = """
INSERT INTO lms_zone (id, slug, name_ko, name_en) VALUES (1, 'southeast', '동남권', 'Southeast');
INSERT INTO lms_region (id, slug, zone_id, name_ko, short_ko, name_en, position)
 VALUES (1, 'busan', 1, '부산광역시', '부산', 'Busan', 1);
INSERT INTO lms_centre (id, uid, slug, name_ko, name_en)
 VALUES (1, '00000000000000000000000000000001', 'busan', '부산테크노파크', 'Busan Technopark');
INSERT INTO lms_company (id, uid, business_number, name, created_at)
 VALUES (1, '00000000000000000000000000000002', '1248100998', '한빛정밀', '2020-03-02 03:00:00');
INSERT INTO lms_company_status (id, company_id, from_on, region_id, size_class)
 VALUES (11, 1, '2020-03-02', 1, 'micro'), (12, 1, '2026-03-03', 1, 'small'), (13, 1, '2026-03-04', 1, 'medium');
INSERT INTO lms_person (id, uid, name, must_change_password, is_active, created_at)
 VALUES (1, '00000000000000000000000000000003', '김하나', false, true, '2026-01-02 03:00:00');
INSERT INTO lms_course (id, uid, slug) VALUES (1, '00000000000000000000000000000004', 'first-steps');
INSERT INTO lms_course_version (id, course_id, digest, title, summary, document, published_at)
 VALUES (1, 1, 'c', '제조데이터 첫걸음', '', '{}', '2026-02-01 03:00:00');
INSERT INTO lms_run (id, uid, course_id, course_version_id, number, centre_id, learn_from, learn_to, hours, created_at)
 VALUES (1, '00000000000000000000000000000005', 1, 1, 1, 1, '2026-03-02', '2026-05-31', 8, '2026-02-02 03:00:00');
INSERT INTO lms_enrolment (id, uid, run_id, person_id, company_id, region_id, state, enrolled_at)
 VALUES (1, '00000000000000000000000000000006', 1, 1, 1, 1, 'enrolled', '2026-03-02 15:30:00');
"""


def test_an_enrolment_of_before_keeps_its_day_and_what_its_company_was(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrate_to(engine, "0002")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET TIME ZONE 'UTC'"))
        for statement in filter(str.strip, _BEFORE.split(";")):
            connection.execute(text(statement))
    migrations.upgrade(engine)
    with engine.connect() as connection:
        # Half past midnight of the third in Seoul was half past three in the afternoon of the second in UTC.
        found = connection.execute(select(Enrolment.enrolled_on, Enrolment.company_status_id)).one()
        assert tuple(found) == (date(2026, 3, 3), 12)
        learnt = connection.scalars(select(CompanyStatus.recorded_at)).all()
        assert [moment.year for moment in learnt] == [2020, 2020, 2020]
    engine.dispose()
