"""The catalogue record: what it says, that it needs no other document, and the judge of DCAT-AP 3."""

import json
from pathlib import Path

import pytest
import rdflib
from rdflib import Graph, URIRef

from lakehouse.settings import CHECKOUT
from publishing import dcat, manifest, release
from tests.support import open_data as od

JUDGE = CHECKOUT.parent / "shared" / "judges" / "dcat-ap-SHACL.ttl"
BASE = "https://data.example.org/releases/environment/2017.03-r1/"


@pytest.fixture
def folder(home: Path, monkeypatch) -> Path:
    od.use(monkeypatch, od.catalogue_of())
    od.fill()
    return release.build("environment").folder


def graph_of(text: str, base: str = BASE + "dcat.jsonld") -> Graph:
    return Graph().parse(data=text, format="json-ld", publicID=base)


def test_titles_stand_in_both_languages_and_files_have_checksums(folder):
    graph = graph_of((folder / "dcat.jsonld").read_text("utf-8"))
    day = URIRef(f"{BASE}dcat.jsonld#agg_air_quality_daily")
    assert {t.language for t in graph.objects(day, rdflib.DCTERMS.title)} == {"en", "zh"}
    data_files = [f for f in manifest.read_manifest(folder)["files"] if f["role"] == "data"]
    sums = {str(o) for o in graph.objects(None, URIRef("http://spdx.org/rdf/terms#checksumValue"))}
    assert sums == {f["sha256"] for f in data_files}
    assert {str(o) for o in graph.objects(None, rdflib.DCAT.downloadURL)} == {BASE + f["path"] for f in data_files}


def test_links_are_relative_and_the_context_is_inside(folder):
    text = (folder / "dcat.jsonld").read_text("utf-8")
    assert isinstance(json.loads(text)["@context"], dict)
    assert "127.0.0.1" not in text
    assert str(folder) not in text


def test_the_portal_gives_the_same_with_absolute_addresses(folder):
    body = manifest.read_manifest(folder)
    told = dcat.catalogue([body], base="https://x.org/releases/{theme}/{version}/", portal="https://x.org/")
    graph = graph_of(json.dumps(told), "https://elsewhere.example/")
    assert len(list(graph.subjects(rdflib.RDF.type, rdflib.DCAT.Dataset))) == 3
    assert all(
        str(o).startswith("https://x.org/releases/environment/2017.03-r1/") for o in graph.objects(None, rdflib.DCAT.downloadURL)
    )


@pytest.mark.skipif(not JUDGE.exists(), reason="the DCAT-AP shapes are not beside the checkout (../shared/judges)")
def test_the_shapes_of_dcat_ap_3_are_met(folder):
    from pyshacl import validate

    shapes = Graph().parse(JUDGE)
    conforms, _, report = validate(graph_of((folder / "dcat.jsonld").read_text("utf-8")), shacl_graph=shapes, advanced=True)
    assert conforms, report


@pytest.mark.skipif(not JUDGE.exists(), reason="the DCAT-AP shapes are not beside the checkout (../shared/judges)")
def test_the_judge_sees_a_missing_title(folder):
    from pyshacl import validate

    told = json.loads((folder / "dcat.jsonld").read_text("utf-8"))
    del told["dcat:dataset"][0]["dct:title"]
    conforms, _, _ = validate(graph_of(json.dumps(told)), shacl_graph=Graph().parse(JUDGE), advanced=True)
    assert not conforms
