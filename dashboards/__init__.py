"""Superset dashboards as code: definitions, roles, accounts, bootstrap and the server.

Two environments meet here. `build`, `accounts`, `server` and `_cli` run in the main one (it has the contracts);
`bootstrap`, `superset_config`, `front` and `answer_cache` run in Superset's own. They meet at a folder of asset files.
"""
