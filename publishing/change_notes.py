"""The difference between two releases in words a reader without tools understands, in Chinese and English."""

from collections.abc import Sequence

from publishing.diff import DatasetDiff

WORDS = {
    "en": {
        "head": "Changes in {theme} {version}", "since": "Compared with version {previous}.",
        "first": "First version: there is none to compare with.",
        "new": "New dataset with {rows:,} rows.", "gone": "No longer released.", "same": "No row changed ({rows:,} rows).",
        "rows": "{added:,} rows added, {removed:,} removed, {changed:,} changed; {rows:,} rows in all.",
        "values": "Changed values by column: {list}.", "columns_added": "New columns: {list}.",
        "columns_removed": "Columns removed: {list}.",
        "columns_retyped": "Columns with another type: {list}.", "contract": "Contract {before} -> {after}.",
        "example": "{key}: {column} {before} -> {after}", "examples": "Examples:", "none": "empty", "and": ", ",
    },
    "zh": {
        "head": "{theme} {version} 的变更", "since": "与版本 {previous} 比较。", "first": "首个版本，没有可比较的旧版本。",
        "new": "新增数据集，共 {rows:,} 行。", "gone": "不再发布。", "same": "没有任何行变化（共 {rows:,} 行）。",
        "rows": "新增 {added:,} 行，删除 {removed:,} 行，修改 {changed:,} 行；现共 {rows:,} 行。",
        "values": "各列修改的值数：{list}。", "columns_added": "新增列：{list}。", "columns_removed": "删除列：{list}。",
        "columns_retyped": "类型改变的列：{list}。", "contract": "数据契约 {before} -> {after}。",
        "example": "{key}：{column} {before} -> {after}", "examples": "示例：", "none": "空", "and": "、",
    },
}  # fmt: skip
LANGUAGES = tuple(WORDS)


def render(theme: str, version: str, previous: str | None, diffs: Sequence[DatasetDiff], language: str) -> str:
    """The text of CHANGES.<language>.md."""
    words = WORDS[language]
    lines = [f"# {words['head'].format(theme=theme, version=version)}", ""]
    lines += [words["since"].format(previous=previous) if previous else words["first"]]
    for diff in diffs:
        title = diff.title_zh if language == "zh" else diff.title_en
        lines += [
            "",
            f"## {title} ({diff.dataset})",
            "",
            *(f"- {line}" for line in sentences(diff, language)),
        ]
        if diff.examples:
            lines += ["", words["examples"], "", *(f"- {line}" for line in example_lines(diff, language))]
    return "\n".join(lines) + "\n"


def sentences(diff: DatasetDiff, language: str) -> list[str]:
    """What happened to one dataset, one sentence per kind of change."""
    words = WORDS[language]
    if diff.is_gone:
        return [words["gone"]]
    if diff.is_new:
        return [words["new"].format(rows=diff.rows)]
    touched = diff.added or diff.removed or diff.changed
    said = [words["rows" if touched else "same"].format(**diff.as_dict())]
    if diff.changed_values:
        said.append(words["values"].format(list=words["and"].join(f"{c} {n:,}" for c, n in diff.changed_values.items())))
    for kind in ("columns_added", "columns_removed"):
        if names := getattr(diff, kind):
            said.append(words[kind].format(list=words["and"].join(names)))
    if diff.columns_retyped:
        said.append(words["columns_retyped"].format(list=words["and"].join(f"{c} {t}" for c, t in diff.columns_retyped.items())))
    if diff.contract_before != diff.contract_after:
        said.append(words["contract"].format(before=diff.contract_before, after=diff.contract_after))
    return said


def example_lines(diff: DatasetDiff, language: str) -> list[str]:
    """The example changes, one line each."""
    words = WORDS[language]

    def shown(value: str | None) -> str:
        return words["none"] if value is None else value

    return [
        words["example"].format(
            key=" ".join(f"{k}={v}" for k, v in e["key"].items()),
            column=e["column"],
            before=shown(e["before"]),
            after=shown(e["after"]),
        )
        for e in diff.examples
    ]
