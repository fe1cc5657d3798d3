"""What is missing is counted as Arabic counts, which has six plural forms."""

import pytest

from tests.desk.house import Volunteer
from tests.planting import Intruder
from tests.world import Author


@pytest.mark.parametrize(("number", "said"), [(1, "رسالة ناقصة"), (2, "رسالتان"), (3, "٣ رسائل"), (11, "١١ رسالة")])
def test_a_gap_is_counted_the_arabic_way(counsellor: Volunteer, author: Author, number: int, said: str) -> None:
    case_id = author.writes("مرحبا")
    author.writes_back("وداعا")
    counsellor.log_in()
    Intruder(author.world, author.case_id).runs("UPDATE messages SET number = ? WHERE number = 2", 2 + number)
    counsellor.get("/?lang=ar")
    page = counsellor.open_case(case_id)
    assert said in page.having_class("gap")[0].text
