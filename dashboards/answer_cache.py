"""Cache of chart answers that belongs to one version of the serving file. Runs in Superset's environment.

Superset does not notice that the file behind `serving.duckdb` was swapped. Here each answer is kept under the name
of the version that the link pointed at when the question came, so a published version is seen at once, nobody has
to empty a folder, and an answer of the version before is never kept under the new one's name.
"""

import os
from threading import local

from flask_caching.backends.filesystemcache import FileSystemCache


class ServingAnswers(FileSystemCache):
    """File system cache whose keys carry the target of the serving link (config key `CACHE_SERVING_LINK`)."""

    serving_link = ""
    asked = local()  # version that this thread's last question was asked of

    @classmethod
    def factory(cls, app, config, args, kwargs):
        made = super().factory(app, config, args, kwargs)
        made.serving_link = config["CACHE_SERVING_LINK"]
        return made

    def get(self, key: str):
        if key == self._fs_count_file:  # the cache's own count of its files
            return super().get(key)
        self.asked.version = self._version()
        return super().get(f"{self.asked.version}|{key}")

    def set(self, key: str, value, timeout=None, mgmt_element: bool = False):
        if mgmt_element:
            return super().set(key, value, timeout, mgmt_element)
        version = getattr(self.asked, "version", None) or self._version()
        return super().set(f"{version}|{key}", value, timeout)

    def delete(self, key: str, mgmt_element: bool = False):
        return super().delete(key if mgmt_element else f"{self._version()}|{key}", mgmt_element)

    def _version(self) -> str:
        return os.readlink(self.serving_link) if os.path.islink(self.serving_link) else "none"
