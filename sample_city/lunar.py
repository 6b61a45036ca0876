"""Solar to lunar dates, 1900-02 to 2027-02, for clerks who enter the lunar birthday as if it were solar.

One number a year: bits 4-15 say which of the months 1-12 has 30 days (bit 15 is month 1), the low four bits the month
after which a leap month stands (0 = none), bit 16 whether the leap month has 30 days. Table of the traditional
calendar as computed by Purple Mountain Observatory; the first day of lunar 1900 is 1900-01-31.
"""

from datetime import date, timedelta
from functools import cache

YEARS = (
    "04bd8 04ae0 0a570 054d5 0d260 0d950 16554 056a0 09ad0 055d2 04ae0 0a5b6 0a4d0 0d250 1d255 0b540 0d6a0 0ada2 095b0 14977 "
    "04970 0a4b0 0b4b5 06a50 06d40 1ab54 02b60 09570 052f2 04970 06566 0d4a0 0ea50 06e95 05ad0 02b60 186e3 092e0 1c8d7 0c950 "
    "0d4a0 1d8a6 0b550 056a0 1a5b4 025d0 092d0 0d2b2 0a950 0b557 06ca0 0b550 15355 04da0 0a5b0 14573 052b0 0a9a8 0e950 06aa0 "
    "0aea6 0ab50 04b60 0aae4 0a570 05260 0f263 0d950 05b57 056a0 096d0 04dd5 04ad0 0a4d0 0d4d4 0d250 0d558 0b540 0b6a0 195a6 "
    "095b0 049b0 0a974 0a4b0 0b27a 06a50 06d40 0af46 0ab60 09570 04af5 04970 064b0 074a3 0ea50 06b58 055c0 0ab60 096d5 092e0 "
    "0c960 0d954 0d4a0 0da50 07552 056a0 0abb7 025d0 092d0 0cab5 "
    "0a950 0b4a0 0baa4 0ad50 055d9 04ba0 0a5b0 15176 052b0 0a930 07954 06aa0 0ad50 05b52 04b60 0a6e6 0a4e0"
)
TABLE = tuple(int(year, 16) for year in YEARS.split())
FIRST_DAY = date(1900, 1, 31)


def months(year: int) -> list[tuple[int, int]]:
    """(month, days) of a lunar year in order; a leap month repeats the number before it."""
    bits = TABLE[year - 1900]
    found = []
    for month in range(1, 13):
        found.append((month, 30 if bits & (0x10000 >> month) else 29))
        if bits & 0xF == month:
            found.append((month, 30 if bits & 0x10000 else 29))
    return found


@cache
def new_year(year: int) -> date:
    """First day of a lunar year."""
    return FIRST_DAY + timedelta(days=sum(d for y in range(1900, year) for _, d in months(y)))


def lunar_date(solar: date) -> tuple[int, int, int]:
    """Lunar year, month and day. Raises IndexError outside the table."""
    year = solar.year if solar >= new_year(solar.year) else solar.year - 1
    rest = (solar - new_year(year)).days
    for month, days in months(year):
        if rest < days:
            return year, month, rest + 1
        rest -= days
    raise IndexError(f"{solar} lies outside the lunar table")
