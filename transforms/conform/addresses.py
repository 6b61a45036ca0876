"""An address taken apart from province to room, the levels of GB/T 23705, and written again in one form.

Divisions come from the gazetteer; what lies below the township is read by its kind word (村, 路, 号, 幢, 室) in the order in
which addresses are written. Nothing is lost: brackets are kept as `note`, what no level takes as `rest`.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.conform.gazetteer import Gazetteer, gazetteer
from transforms.conform.texts import Positions, Texts, plain

COUNT = "[0-9一二三四五六七八九十]"
NUMBERS = "[0-9]+[A-Z]?(?:[-、,~/.和及至][0-9]+[A-Z]?)*"
NO_TOWN = "[^0-9A-Z号路街村区县市弄、,]"
TOWN = (
    f"(?:{NO_TOWN}{{1,4}}?(?:街道办事处|街道|镇|乡)|[^0-9A-Z号区弄、,]{{1,3}}?[路村]镇|[^0-9A-Z号区弄、,]{{2,6}}?街道(?:办事处)?)"
)
ZONE = (
    "(?:[^0-9号路街村弄、,]{0,12}?(?:开发区|工业[A-Z]?区|工业园区?|工业功能区|工业城|园区|产业园|科技园|保税区|高新区|新区|功能区"
    "|度假区|旅游区|商贸区|商贸城|风景名胜区|风景区|农场|林场)[A-Z]?区?)"
)
VILLAGE = f"(?:[^0-9号路街弄区、,]{{1,8}}?(?:居民委员会|村民委员会|居委会|村委会|行政村|社区|村)(?:{COUNT}区)?)"
GROUP = f"(?:第?{COUNT}+(?:村民小组|组|[社队]))"
NATURAL_VILLAGE = "(?:[^0-9号路街弄区室楼幢、,]{1,5}(?:自然村|村|岙|坞|畈|垟|埭|浦|汇|桥头|家|里|坑)"
NATURAL_VILLAGE += "|[^0-9A-Z号路街弄区室楼幢厂店、,]{2,5}$)"
ROAD = (
    "(?:[0-9]+号(?:大街|路)|[A-Z]?[0-9]+(?:国道|省道|县道)|(?:[^0-9号弄、,区]{1,9}?|[^0-9号弄、,区]{1,6}[0-9]+)"
    "(?:大道|大街|公路|国道|省道|胡同|路|街|巷|道|线)(?:[东西南北中]?[路段街侧]|[东西南北](?:首|端)|[一二三四五六七八九十]+[路巷弄])?)"
)
LANE = "(?:[0-9]+弄)"
NUMBER = f"(?:{NUMBERS}(?:号|#)(?:[之-][0-9]+)?(?:[-、,][0-9]+号)*|{NUMBERS}$|{NUMBERS}(?:附近|对面|旁))"
ESTATE_KINDS = (
    "大厦|大楼|广场|花园|公寓|小区|家园|花苑|新苑|新城|新村|苑|庭|中心|市场|商城|饭店|宾馆|酒店|学校|公司|别墅|[厂院校]内|内"
)
HOUSE = "[^0-9()、,]{0,11}?[^0-9()、,一二三四五六七八九十底顶]楼"
ESTATE = f"(?:[^0-9()、,]{{1,12}}?(?:{ESTATE_KINDS})|{HOUSE})"
BUILDING = "(?:[0-9A-Z]+(?:[-、,~][0-9A-Z]+)*(?:号楼|#楼|号厂房|幢|栋|座))"
UNIT = f"(?:{COUNT}+单元)"
FLOOR = f"(?:[后前南北东西]?(?:地下)?{COUNT}+(?:[-、至,]{COUNT}+)*(?:楼|层|F)|底层|顶楼)"
ROOM = "(?:[0-9A-Z]+(?:[-、,~][0-9A-Z]+)*(?:室|号房|房|号)(?:-?[0-9A-Z]+(?:-[0-9A-Z]+)*)?|[0-9A-Z]+(?:-[0-9A-Z]+)*$)"
PARTS = {
    "zone": ZONE,
    "village": VILLAGE,
    "group": GROUP,
    "road": ROAD,
    "second_road": ROAD,
    "lane": LANE,
    "natural_village": NATURAL_VILLAGE,
    "number": NUMBER,
    "estate": ESTATE,
    "building": BUILDING,
    "unit": UNIT,
    "floor": FLOOR,
    "room": ROOM,
}
NAMES_OF_ROADS = ("zone", "village", "natural_village")
"""What these find may be the beginning of a road's name: 光明村 in 光明村路."""
ROAD_FOLLOWS = "[东西南北中大]?(?:路|街|道|巷|弄|镇)"
BRACKETS = r"[(<〈\[][^)>〉\]]*[)>〉\]]?"


def parse_addresses(addresses: pa.Array | pa.ChunkedArray, home: str = "", places: Gazetteer | None = None) -> pa.Table:
    """Addresses -> division_code (2 to 12 digits), township (as written), the columns of `PARTS`, rest, note, local.

    `local` is all that stands behind the names of divisions that the gazetteer knows. `home`: code of the region that the
    addresses come from; `places`: another gazetteer than that of the reference list. Null where an address lacks a level.
    """
    text = pc.replace_substring_regex(pc.fill_null(plain(addresses), ""), "[—–－―]+", "-")
    note = pc.struct_field(pc.extract_regex(text, rf"(?P<note>{BRACKETS})"), "note")
    texts = Texts(pc.replace_substring_regex(text, BRACKETS, ""))
    places = places or gazetteer(home)
    region, at = places.read_regions(texts, texts.starts, texts.ends, is_address=True)
    town, after_town = places.read_place("township", texts, at, texts.ends, region, is_address=True)
    village, below = places.read_place("village", texts, after_town, texts.ends, np.where(town > 0, town, region), True)
    without, further = places.read_place("village", texts, at, texts.ends, region, True)
    town, after_town, village, below = _longer((town, after_town, village, below), (without, further), at)
    code = np.where(village > 0, village, np.where(town > 0, town, region))
    unlisted, rest = _read(texts.slices(after_town, texts.ends), TOWN, not_before=ROAD_FOLLOWS)
    listed, local = texts.slices(after_town, below), texts.slices(below, texts.ends)
    rest = pc.if_else(pc.is_valid(listed), local, rest)
    columns = {}
    for name, kind in PARTS.items():
        columns[name], after = _read(rest, kind, not_before=ROAD_FOLLOWS if name in NAMES_OF_ROADS else None)
        if name == "village":
            columns[name], after = pc.coalesce(listed, columns[name]), pc.if_else(pc.is_valid(listed), local, after)
        rest = after
    return pa.table(
        {
            "division_code": pc.cast(pa.array(code, mask=code == 0), pa.string()),
            "township": pc.coalesce(texts.slices(at, after_town), unlisted),
            **columns,
            "rest": rest,
            "note": note,
            "local": local,
        }
    )


def _longer(read: tuple[Positions, ...], village: tuple[Positions, Positions], at: Positions) -> tuple[Positions, ...]:
    """What was read behind the region, or only a village, if its name reaches further: 旧县村 is none of the town 旧县."""
    below, (without, further) = read[3], village
    other, instead = (without > 0) & (further > below), (without * 0, at, without, further)
    return tuple(np.where(other, one, found) for one, found in zip(instead, read, strict=True))


def _read(texts: pa.Array, kind: str, not_before: str | None = None) -> tuple[pa.Array, pa.Array]:
    """What the text begins with, if it is of the kind, and what follows; null for nothing.

    Most rows do not begin with it, and to see that is many times faster than to take a text apart.
    """
    begins = pc.fill_null(pc.match_substring_regex(texts, f"^{kind}"), False)
    if not_before:
        begins = pc.and_(begins, pc.invert(pc.fill_null(pc.match_substring_regex(texts, f"^{kind}{not_before}"), False)))
    parts = pc.extract_regex(pc.filter(texts, begins), f"^(?P<found>{kind})(?P<rest>.*)$")
    found = pc.replace_with_mask(pa.nulls(len(texts), pa.string()), begins, pc.struct_field(parts, "found"))
    rest = pc.replace_with_mask(texts, begins, pc.struct_field(parts, "rest"))
    return found, pc.if_else(pc.equal(rest, ""), None, rest)
