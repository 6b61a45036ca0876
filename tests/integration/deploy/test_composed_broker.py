"""The broker as deploy/mosquitto configures it: who may publish, who may read, and that nobody comes in without a password."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from lakehouse import host_tools
from lakehouse.settings import settings

SOURCE = settings().checkout / "deploy" / "mosquitto"
PASSWORDS = {"collector": "one secret", "publisher": "another secret"}


@pytest.fixture(scope="module")
def port():
    """The broker's start script in a folder of its own instead of /mosquitto; yields the port."""
    program = host_tools.find_tool("mosquitto")
    if program is None:
        pytest.skip("mosquitto is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    place = Path(tempfile.mkdtemp(prefix="lake-broker-"))  # open to the account to which the broker lowers itself
    place.chmod(0o755)
    (place / "data").mkdir()
    shutil.copytree(SOURCE, place / "config")
    for name in ("mosquitto.conf", "start.sh"):
        text = (SOURCE / name).read_text().replace("/mosquitto/", f"{place}/")
        (place / "config" / name).write_text(text.replace("listener 1883", f"listener {free} 127.0.0.1"))
    environment = {f"MQTT_{name.upper()}_PASSWORD": word for name, word in PASSWORDS.items()}
    path = f"{program.parent}:{os.environ['PATH']}"
    broker = subprocess.Popen(
        ["sh", place / "config" / "start.sh"], env={"PATH": path} | environment, stderr=subprocess.PIPE, text=True
    )
    yield free if wait_for(free, broker) else pytest.fail(f"the broker did not start: {broker.stderr.read()}")
    broker.terminate()
    broker.wait(10)
    shutil.rmtree(place)


def wait_for(port: int, broker: subprocess.Popen) -> bool:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        if broker.poll() is not None:
            return False
        time.sleep(0.1)
    return False


class Client:
    """A client that notes how its login ended and what it received."""

    def __init__(self, port: int, user: str | None, password: str | None, client_id: str, topic: str | None = None):
        self.received: list[tuple[str, bytes]] = []
        self.login: str | None = None
        self.inner = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        if user:
            self.inner.username_pw_set(user, password)
        self.inner.on_message = lambda _client, _data, message: self.received.append((message.topic, message.payload))
        self.inner.on_connect = lambda _client, _data, _flags, reason, _properties: setattr(self, "login", str(reason))
        self.inner.connect("127.0.0.1", port)
        self.spin(lambda: self.login is not None)
        if topic:
            self.inner.subscribe(topic, qos=1)
            self.spin(seconds=0.3)

    def spin(self, until=lambda: False, seconds: float = 3.0) -> None:
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end:
            self.inner.loop(0.05)


@pytest.mark.parametrize(("user", "password"), [(None, None), ("collector", "wrong"), ("nobody", "one secret")])
def test_nobody_comes_in_without_a_right_password(port, user, password):
    assert Client(port, user, password, "stranger").login == "Not authorized"


def test_readings_reach_the_collector_and_confirmations_only_their_own_publisher(port):
    collector = Client(port, "collector", PASSWORDS["collector"], "c1", topic="ngsi/#")
    first = Client(port, "publisher", PASSWORDS["publisher"], "p1", topic="ack/p1")
    other = Client(port, "publisher", PASSWORDS["publisher"], "p2", topic="ack/#")
    first.inner.publish("ngsi/environment__air_quality__ngsi/station-1", b"reading", qos=1)
    first.spin(seconds=0.3)
    collector.spin(lambda: collector.received)
    assert collector.received == [("ngsi/environment__air_quality__ngsi/station-1", b"reading")]
    collector.inner.publish("ack/p1", b"message-1", qos=1)
    collector.spin(seconds=0.3)
    first.spin(lambda: first.received)
    other.spin(seconds=0.3)
    assert (first.received, other.received) == ([("ack/p1", b"message-1")], [])


def test_a_publisher_reads_nobodys_readings_and_confirms_nothing(port):
    spy = Client(port, "publisher", PASSWORDS["publisher"], "p3", topic="ngsi/#")
    victim = Client(port, "publisher", PASSWORDS["publisher"], "p4", topic="ack/p4")
    victim.inner.publish("ngsi/environment__air_quality__ngsi/station-1", b"reading", qos=1)
    victim.spin(seconds=0.3)
    spy.inner.publish("ack/p4", b"forged", qos=1)
    spy.spin(seconds=0.3)
    victim.spin(seconds=0.3)
    assert (spy.received, victim.received) == ([], [])
