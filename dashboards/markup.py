"""Markup in a table's cell, as SQL expressions: tiles with a figure, its judgement in words and colour, and a note.

Superset cleans markup in cells and keeps `div` and `span` with class and style; the classes are in
definitions/page.css. A colour never stands alone: the badge names what it means.
"""

from dashboards.definition import Tile

# Words, colour and text colour of a judgement; the signs differ so that it reads without colour.
GOOD = ("✔ 达标 on target", "#2E7D32", "#FFFFFF")
NEAR = ("! 接近 near target", "#F9A825", "#000000")
BAD = ("✖ 未达标 off target", "#B71C1C", "#FFFFFF")
NONE = ("✔ 无 none", "#2E7D32", "#FFFFFF")
SOME = ("✖ 需处理 to be dealt with", "#B71C1C", "#FFFFFF")


def tile(given: Tile) -> str:
    """SQL that aggregates to one tile."""
    badge, color, ink = judgement(given) if given.judged else (given.badge, given.color, given.ink)
    return (
        f"""concat('<div class="lake-html"><div class="lake-value">', {given.value}, '<span class="lake-unit">', """
        f"""{given.unit}, '</span></div><div class="lake-badge" style="background:', {color}, ';color:', {ink}, '">', """
        f"""{badge}, '</div><div class="lake-note">', {given.note}, '</div></div>')"""
    )


def judgement(given: Tile) -> tuple[str, str, str]:
    """Badge, colour and text colour as SQL, from the figure and its limits."""
    if given.better == "none":
        cases, otherwise = ((f"{given.judged} = 0", NONE),), SOME
    else:
        sign = ">=" if given.better == "more" else "<="
        cases = tuple(
            (f"{given.judged} {sign} arg_max({limit}, period_start)", verdict)
            for limit, verdict in (("target", GOOD), ("amber_limit", NEAR))
        )
        otherwise = BAD
    return tuple(_choose(cases, otherwise, part) for part in range(3))


def _choose(cases: tuple[tuple[str, tuple[str, str, str]], ...], otherwise: tuple[str, str, str], part: int) -> str:
    when = " ".join(f"when {condition} then '{verdict[part]}'" for condition, verdict in cases)
    return f"case {when} else '{otherwise[part]}' end"
