"""The portal as a service of `lake serve | stop | status`."""

import sys

from lakehouse.services import Entrance, WebProcess
from lakehouse.settings import settings

ENTRANCES = (
    Entrance("/", "portal 数据门户"),
    Entrance("/deliveries", "deliveries 部门报送", "accounts officer, steward"),
    Entrance("/desk", "steward's desk 管理员工作台", "account steward"),
)


def _process() -> WebProcess:
    return WebProcess("portal", (sys.executable, "-m", "portal"), settings().portal_port)


def start() -> str:
    return _process().start()


def stop() -> bool:
    return _process().stop()


def running_pid() -> int | None:
    return _process().running_pid()


def address() -> str:
    return _process().address()
