"""Invented names of people and firms, and business numbers that are well formed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from lms.people.organisations.business_numbers import is_well_formed

# Family names in about the shares that they have in Korea, in tenths of a per cent.
_FAMILY = {
    "김": 215, "이": 147, "박": 84, "최": 47, "정": 43, "강": 23, "조": 21, "윤": 20, "장": 20, "임": 16, "한": 15, "오": 15,
    "서": 15, "신": 15, "권": 14, "황": 14, "안": 14, "송": 14, "류": 13, "전": 11, "홍": 11, "고": 9, "문": 9, "양": 9,
    "손": 9, "배": 8, "백": 8, "허": 7, "유": 6, "남": 6, "심": 5, "노": 5, "하": 5, "곽": 4, "성": 4, "차": 4, "주": 4,
    "우": 4, "구": 4, "민": 3, "남궁": 1, "황보": 1,
}  # fmt: skip
_GIVEN_IN_A_ROW = (
    "영수 정호 상철 병철 성호 영호 광수 종수 재호 동수 기철 용석 창호 태식 인수 상훈 진우 정훈 성민 현우 민수 재현 동현 준호 "
    "승현 지훈 성진 상현 민호 진호 태현 지환 우진 동욱 정우 승민 민재 준영 재민 현준 도현 건우 시우 서준 하준 은우 찬호 형준 "
    "영숙 정숙 미숙 경숙 순자 명희 은영 미경 현숙 은주 선영 미정 지영 은정 수진 혜진 지현 수정 민정 지은 유진 은지 혜원 소영 "
    "수연 민지 지원 예진 서연 하은 다은 서윤 채원 가영 보람 나래 슬기 한나 아름 새롬 경희 옥희 말순 현정 주희 세영"
)
_GIVEN = _GIVEN_IN_A_ROW.split()
# Plants employ many people from abroad, whose names are longer and are written with spaces.
_FOREIGN = (
    "응우옌 반 뚜",
    "쩐 티 란",
    "라나 바하두르",
    "수파차이 분미",
    "모하메드 라힘",
    "아딧야 프라타마",
    "바트 에르덴",
    "소크 다라",
)

_FIRST_IN_A_ROW = (
    "대성 동방 신우 태광 삼정 미래 우진 해운 금호 대양 성진 부일 영남 세아 유성 한솔 정우 가람 다온 누리 청우 일신 명진 동아 "
    "선진 보성 태산 국제 진흥 협성 창신 광명 새한 두원 서진 한결 백두 은성 남양 화신"
)
_FIRST = _FIRST_IN_A_ROW.split()
# By the division of the Korean standard industrial classification.
_SECOND = {
    "10": ("식품", "푸드", "수산식품"), "13": ("섬유", "텍스타일"), "20": ("화학", "케미칼"),
    "22": ("고무", "플라스틱", "폴리머"),
    "24": ("제강", "주물", "금속"), "25": ("정밀", "금형", "단조", "열처리"), "26": ("전자", "반도체", "세미콘"),
    "27": ("계측", "광학"), "28": ("전기", "전장"), "29": ("기계", "기공", "유압", "펌프"),
    "30": ("오토텍", "모터스", "자동차부품"),
    "31": ("조선기자재", "마린", "중공업"),
}  # fmt: skip
INDUSTRIES = tuple(_SECOND)
_OFFICES = ("106", "119", "124", "131", "206", "305", "402", "503", "515", "602", "606", "607", "609", "615", "621")


def person_name(random: Random) -> str:
    if random.random() < 0.02:
        return random.choice(_FOREIGN)
    family = random.choices(tuple(_FAMILY), tuple(_FAMILY.values()))[0]
    return family + random.choice(_GIVEN)


def firm_name(random: Random, industry: str) -> str:
    return random.choice(_FIRST) + random.choice(_SECOND[industry])


def business_numbers(random: Random) -> Iterator[str]:
    """Well-formed numbers of corporations (81 to 88 in the middle), without end. No firm is meant."""
    while True:
        start = f"{random.choice(_OFFICES)}{random.randint(81, 88)}{random.randint(1, 9999):04}"
        yield next(number for digit in range(10) if is_well_formed(number := f"{start}{digit}"))
