"""A town of a few streets as an OpenStreetMap extract, written by hand in OSM's XML.

A street of five points along the parallel of 60 degrees north, crossed at its middle point by a one-way lane; a bridge that
crosses the street without a common point; a square; a house, a house with a court, a school drawn twice, and what the edge of
the extract cuts.
"""

WEST, SOUTH, EAST, NORTH = 25.0, 60.0, 25.01, 60.01
NODES = {
    1: (25.001, 60.005), 2: (25.002, 60.005), 3: (25.003, 60.005), 4: (25.004, 60.005), 5: (25.005, 60.005),
    6: (25.003, 60.004), 7: (25.003, 60.006),
    8: (25.0035, 60.004), 9: (25.0035, 60.006),
    11: (25.006, 60.002), 12: (25.007, 60.002), 13: (25.007, 60.003), 14: (25.006, 60.003),
    21: (25.0062, 60.0022), 22: (25.0068, 60.0022), 23: (25.0068, 60.0028), 24: (25.0062, 60.0028),
    31: (25.001, 60.001), 32: (25.002, 60.001), 33: (25.002, 60.002), 34: (25.001, 60.002),
}  # fmt: skip
WAYS = {
    101: ([1, 2, 3, 4, 5], {"highway": "residential", "name": "Long Street", "lanes": "2", "maxspeed": "30"}),
    102: ([6, 3, 7], {"highway": "service", "oneway": "-1", "maxspeed": "walk"}),
    103: ([8, 9], {"highway": "footway", "bridge": "yes", "lanes": "two"}),
    104: ([31, 32, 33, 34, 31], {"highway": "pedestrian", "area": "yes"}),
    105: ([5, 900, 901], {"highway": "residential"}),
    106: ([4, 5, 902], {"highway": "trail", "name": "Cut Street"}),
    201: ([31, 32, 33, 34, 31], {"building": "apartments", "building:levels": "6", "start_date": "about 1900"}),
    202: ([11, 12, 13, 14, 11], {}),
    203: ([21, 22, 23, 24, 21], {}),
    204: ([32, 33, 903, 32], {"building": "yes"}),
    301: ([11, 12, 13, 14, 11], {"amenity": "school", "name": "North School", "addr:street": "Long Street"}),
}  # fmt: skip
POINTS = {
    51: (25.0065, 60.0025, {"amenity": "school", "name": "north school "}),
    52: (25.008, 60.008, {"shop": "bakery", "name": "Bread"}),
    53: (25.0085, 60.0085, {"shop": "of a kind that no list has"}),
    54: (0.0, 0.0, {"tourism": "hotel", "name": "Nowhere"}),
    55: (60.004, 25.004, {"amenity": "pharmacy", "name": "Turned"}),
    56: (26.0, 60.5, {"amenity": "bank", "name": "Far"}),
}
COURT = {"type": "multipolygon", "building": "school", "height": "12"}


def extract() -> bytes:
    """The extract in OSM's XML, with the box that it says it covers."""
    parts = [f'<bounds minlon="{WEST}" minlat="{SOUTH}" maxlon="{EAST}" maxlat="{NORTH}"/>']
    points = {number: (*at, {}) for number, at in NODES.items()} | POINTS
    for number, (lon, lat, tags) in sorted(points.items()):
        parts.append(f'<node id="{number}" version="1" lon="{lon}" lat="{lat}">{_tags(tags)}</node>')
    for number, (nodes, tags) in WAYS.items():
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        parts.append(f'<way id="{number}" version="1">{refs}{_tags(tags)}</way>')
    members = '<member type="way" ref="202" role="outer"/><member type="way" ref="203" role="inner"/>'
    parts.append(f'<relation id="401" version="1">{members}{_tags(COURT)}</relation>')
    return ('<osm version="0.6">' + "".join(parts) + "</osm>").encode()


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
