"""Releases as a DCAT-AP 3 catalogue in JSON-LD (W3C DCAT 3; SEMICeu DCAT-AP 3.0.1), built from manifests.

The context stands in the file, so a reader needs no other document. Titles are language-tagged values.
"""

from collections.abc import Iterable, Mapping
from typing import Any

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#", "spdx": "http://spdx.org/rdf/terms#", "skos": "http://www.w3.org/2004/02/skos/core#",
    "adms": "http://www.w3.org/ns/adms#", "prov": "http://www.w3.org/ns/prov#", "owl": "http://www.w3.org/2002/07/owl#",
    "dcatap": "http://data.europa.eu/r5r/", "xsd": "http://www.w3.org/2001/XMLSchema#",
}  # fmt: skip
AUTHORITY = "http://publications.europa.eu/resource/authority"
DATA_THEMES = {"environment": "ENVI"}  # theme of a contract -> EU data theme
LANGUAGES = {"en": f"{AUTHORITY}/language/ENG", "zh": f"{AUTHORITY}/language/ZHO"}
FILE_TYPES = {
    "text/csv": "CSV", "application/vnd.apache.parquet": "PARQUET", "application/json": "JSON",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
}  # fmt: skip
TITLE = {"en": "Open data of the city", "zh": "城市开放数据"}
ABOUT = {
    "en": "Datasets released from the city's data lakehouse, with versions, checksums and licences.",
    "zh": "由城市数据湖仓发布的数据集，附版本、校验和与许可。",
}

Node = dict[str, Any]


def catalogue(manifests: Iterable[Mapping[str, Any]], base: str = "", portal: str = "/") -> Node:
    """A dcat:Catalog of the given releases' manifests.

    `base`: address of the release folder, ending in `/` or empty for links relative to the file; may hold
    `{theme}` and `{version}`. `portal`: where the pages are (relative or absolute), ending in `/`.
    """
    releases = list(manifests)
    datasets = [
        describe_dataset(m, d, base.format(theme=m["theme"], version=m["version"]), portal)
        for m in releases
        for d in m["datasets"]
    ]
    issued = max(m["issued"] for m in releases)
    return {
        "@context": CONTEXT,
        "@id": f"{portal}catalog",
        "@type": "dcat:Catalog",
        "dct:title": _texts(TITLE),
        "dct:description": _texts(ABOUT),
        "dct:publisher": _agent(releases[0]["datasets"][0]["publisher"]),
        "dct:language": _languages(),
        "dct:modified": _datetime(issued),
        "foaf:homepage": {"@id": portal, "@type": "foaf:Document"},
        "dcat:themeTaxonomy": {
            "@id": f"{AUTHORITY}/data-theme",
            "@type": "skos:ConceptScheme",
            "dct:title": {"@value": "Data theme", "@language": "en"},
        },
        "dcat:dataset": datasets,
    }


def describe_dataset(manifest: Mapping[str, Any], dataset: Mapping[str, Any], base: str, portal: str) -> Node:
    """One dcat:Dataset with a dcat:Distribution per data file."""
    page = f"{portal}datasets/{dataset['id']}"
    node = {
        "@id": f"{base}#{dataset['id']}",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{dataset['id']}@{manifest['version']}",
        "dct:title": _texts(dataset["title"]),
        "dct:description": _texts(dataset["description"]),
        "dcat:version": manifest["version"],
        "dct:issued": _datetime(manifest["issued"]),
        "dct:modified": _datetime(dataset["committed_at"]),
        "dct:publisher": _agent(dataset["publisher"]),
        "dcat:contactPoint": {
            "@type": ["vcard:Kind", "vcard:Organization"],
            "vcard:fn": _texts({k: dataset["publisher"][f"name_{k}"] for k in ("en", "zh")}),
            "vcard:hasURL": {"@id": f"{portal}report?dataset={dataset['id']}"},
        },
        "dcat:keyword": [{"@value": word, "@language": "en"} for word in dataset["keywords"]],
        "dct:language": _languages(),
        "dct:accessRights": {"@id": f"{AUTHORITY}/access-right/PUBLIC", "@type": "dct:RightsStatement"},
        "dct:provenance": {"@type": "dct:ProvenanceStatement",
                           "dct:description": {"@value": _provenance(manifest, dataset), "@language": "en"}},
        "dct:bibliographicCitation": dataset["citation"],
        "dcat:landingPage": {"@id": page, "@type": "foaf:Document"},
        "dcat:distribution": [_distribution(manifest, dataset, file, base, page) for file in manifest["files"]
                              if file["dataset"] == dataset["id"] and file["role"] == "data"],
    }  # fmt: skip
    return node | _theme(dataset["theme"]) | _coverage(dataset)


def _distribution(manifest: Mapping[str, Any], dataset: Mapping[str, Any], file: Mapping[str, Any], base: str, page: str) -> Node:
    kind, address = FILE_TYPES[file["media_type"]], f"{base}{file['path']}"
    return {
        "@id": f"{base}#{file['path']}",
        "@type": "dcat:Distribution",
        "dct:title": _texts({lang: f"{title} ({file['path']})" for lang, title in dataset["title"].items()}),
        "dcat:accessURL": {"@id": page},
        "dcat:downloadURL": {"@id": address},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{file['media_type']}", "@type": "dct:MediaType"},
        "dct:format": {"@id": f"{AUTHORITY}/file-type/{kind}", "@type": "dct:MediaTypeOrExtent"},
        "dcat:byteSize": {"@value": str(file["bytes"]), "@type": "xsd:nonNegativeInteger"},
        "dct:issued": _datetime(manifest["issued"]),
        "dct:license": {"@id": dataset["licence"]["url"], "@type": "dct:LicenseDocument"},
        "dcatap:availability": {"@id": f"{AUTHORITY}/planned-availability/STABLE", "@type": "skos:Concept",
                                "skos:prefLabel": {"@value": "stable", "@language": "en"}},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256", "@type": "spdx:ChecksumAlgorithm"},
            "spdx:checksumValue": {"@value": file["sha256"], "@type": "xsd:hexBinary"},
        },
    }  # fmt: skip


def _theme(name: str | None) -> Node:
    if name not in DATA_THEMES:
        return {}
    label = {"@value": name, "@language": "en"}
    return {
        "dcat:theme": {
            "@id": f"{AUTHORITY}/data-theme/{DATA_THEMES[name]}",
            "@type": "skos:Concept",
            "skos:prefLabel": label,
        }
    }


def _coverage(dataset: Mapping[str, Any]) -> Node:
    node: Node = {}
    if span := dataset["temporal"]:
        kind = "xsd:dateTime" if "T" in span["start"] else "xsd:date"
        node["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@value": span["start"], "@type": kind},
            "dcat:endDate": {"@value": span["end"], "@type": kind},
        }
    if place := dataset.get("spatial"):
        node["dct:spatial"] = {
            "@type": "dct:Location",
            "dct:identifier": place["division_codes"],
            **_bbox(place.get("bbox")),
        }
    return node


def _bbox(box: list[float] | None) -> Node:
    if not box:
        return {}
    west, south, east, north = box
    ring = f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"
    return {"dcat:bbox": {"@value": ring, "@type": "http://www.opengis.net/ont/geosparql#wktLiteral"}}


def _provenance(manifest: Mapping[str, Any], dataset: Mapping[str, Any]) -> str:
    return (
        f"Table {dataset['table']} version {dataset['table_version']}, contract {dataset['contract_version']}, "
        f"code {manifest['code_version']}; origin of the rows: {', '.join(dataset['origins'])}; "
        f"inputs: {', '.join(dataset['inputs'])}."
    )


def _agent(owner: Mapping[str, str]) -> Node:
    return {
        "@id": f"#owner-{owner['id']}",
        "@type": "foaf:Agent",
        "foaf:name": _texts({k: owner[f"name_{k}"] for k in ("en", "zh")}),
    }


def _languages() -> list[Node]:
    return [{"@id": address, "@type": "dct:LinguisticSystem"} for address in LANGUAGES.values()]


def _texts(texts: Mapping[str, str]) -> list[Node]:
    return [{"@value": text, "@language": language} for language, text in texts.items()]


def _datetime(moment: str) -> Node:
    return {"@value": moment, "@type": "xsd:dateTime"}
