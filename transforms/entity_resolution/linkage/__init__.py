"""Records of one entity found and joined. `link` is the story; rules are data (contracts/rules/linkage-*.yaml)."""

from transforms.entity_resolution.linkage.link import Linkage, link
from transforms.entity_resolution.linkage.neighbourhood import leave_keys, shares, touched
from transforms.entity_resolution.linkage.rules import LinkageError, LinkageRules, load_rules, rules_of

__all__ = [
    "Linkage", "LinkageError", "LinkageRules", "leave_keys", "link", "load_rules", "rules_of", "shares", "touched",
]  # fmt: skip
