"""How pages name departments and their sources, in the reader's language."""

from lakehouse.contracts import contracts
from publishing.manifest import owners


def department_name(code: str, language: str) -> str:
    """`PSB` -> 公安局; a code that is on no list stays as it is."""
    return owners().get(code, {}).get(f"name_{language}", code)


def source_label(source: str, language: str) -> str:
    """Dataset, department and kind of file, by which the sources of a dataset differ: 户籍人口（公安局 psb_floating）.

    The name of a source that has no mapping any more stays as it is.
    """
    mapping = contracts().sources.get(source)
    if mapping is None:
        return source
    dataset = contracts()[mapping.feeds]
    department = department_name(mapping.department or dataset.owner, language)
    file = source.removeprefix(f"{dataset.id}__")
    return f"{dataset.name_zh}（{department} {file}）" if language == "zh" else f"{dataset.name_en} ({department}, {file})"
