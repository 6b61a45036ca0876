"""The publisher keeps a message until the collector confirms it, over dead brokers and its own death."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from edge_collectors.feeders.ngsi_messages import Publication
from edge_collectors.feeders.ngsi_publisher import NgsiPublisher
from edge_collectors.feeders.publisher_log import PublisherLog
from edge_collectors.protocols import mqtt_topics, ngsi

CHECKOUT = Path(__file__).parents[3]
SOURCE = "environment__air_quality__ngsi"

pytestmark = pytest.mark.skipif(not shutil.which("mosquitto"), reason="mosquitto is not installed")


class Broker:
    """A mosquitto process without persistence, so that a kill loses what it had acknowledged."""

    def __init__(self, folder: Path):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        self.start()

    def start(self):
        command = ["mosquitto", "-c", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("mosquitto did not open its port")

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


class Collector:
    """Receives everything and confirms as `confirm(address, times seen)` says."""

    def __init__(self, port, confirm=lambda address, times: True, version=mqtt.MQTTv5):
        self.seen: Counter[str] = Counter()
        self.payloads: dict[str, bytes] = {}
        self._confirm = confirm
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="collector", protocol=version)
        self._client.on_connect = lambda client, *_: client.subscribe("ngsi/#", qos=1)
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._receive
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()

    def _receive(self, client, userdata, message):
        carried = message.properties
        ids = dict(getattr(carried, "UserProperty", []) or [])
        address = mqtt_topics.address(message.topic, getattr(carried, "ResponseTopic", None), ids.get(mqtt_topics.MESSAGE_ID))
        self.seen[address.message_id] += 1
        self.payloads[address.message_id] = message.payload
        if self._confirm(address, self.seen[address.message_id]):
            client.publish(address.confirmation_topic, mqtt_topics.confirmation([address.message_id]), qos=1)


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.kill()


@pytest.fixture
def log(tmp_path):
    return PublisherLog(tmp_path / "log.jsonl")


def publications(number):
    for index in range(number):
        yield Publication(f"m{index}", SOURCE, "d1", b'{"n": %d}' % index)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_every_message_is_confirmed(broker, log, version):
    collector = Collector(broker.port, version=mqtt.MQTTv5 if version == "5" else mqtt.MQTTv311)
    publisher = NgsiPublisher("127.0.0.1", broker.port, "feeder-1", log, version, window=200)
    assert publisher.run(publications(2000)) == 2000
    collector.close()
    assert len(collector.seen) == 2000 and collector.payloads["m7"] == b'{"n": 7}'
    assert log.unconfirmed == set()


def test_what_the_broker_took_but_the_collector_did_not_confirm_is_sent_again(broker, log):
    collector = Collector(broker.port, lambda address, times: times == 3)
    publisher = NgsiPublisher("127.0.0.1", broker.port, "feeder-1", log, resend_after_s=0.3)
    assert publisher.run(publications(20)) == 20
    collector.close()
    assert set(collector.seen.values()) == {3}


def test_confirmations_for_others_confirm_nothing(broker, log):
    def stranger(address, times):
        payload = mqtt_topics.confirmation(["m999", ""])
        collector._client.publish(address.confirmation_topic, payload, qos=1)
        return times == 2

    collector = Collector(broker.port, stranger)
    NgsiPublisher("127.0.0.1", broker.port, "feeder-1", log, resend_after_s=0.3).run(publications(3))
    collector.close()
    assert log.confirmed == {"m0", "m1", "m2"}


def test_a_broker_killed_again_and_again_loses_nothing(broker, log):
    collector = Collector(broker.port)
    publisher = NgsiPublisher("127.0.0.1", broker.port, "feeder-1", log, window=50, resend_after_s=1.0, per_second=400)
    thread = threading.Thread(target=publisher.run, args=(publications(3000),))
    thread.start()
    for _ in range(3):
        time.sleep(1.2)
        broker.kill()
        time.sleep(0.2)
        broker.start()
    thread.join(120)
    collector.close()
    assert not thread.is_alive()
    assert len(log.confirmed) == 3000 and set(collector.seen) == log.confirmed


def test_it_stops_when_told_and_resumes_later(broker, log):
    collector = Collector(broker.port, lambda address, times: int(address.message_id[1:]) < 10)
    stop = threading.Event()
    publisher = NgsiPublisher("127.0.0.1", broker.port, "feeder-1", log, window=30)
    thread = threading.Thread(target=publisher.run, args=(publications(100), stop))
    thread.start()
    deadline = time.monotonic() + 20
    while len(log.confirmed) < 10 and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    thread.join(10)
    assert len(log.confirmed) == 10 and len(log.sent) <= 40
    collector._confirm = lambda address, times: True
    assert NgsiPublisher("127.0.0.1", broker.port, "feeder-1", log).run(publications(100)) == 90
    collector.close()


def test_a_killed_publisher_resumes_and_nothing_is_forgotten(broker, tmp_path):
    rows = "".join(f"{i},2013,3,{1 + i // 24},{i % 24},{i},9,3,17,300,89,1,1,1,0,N,1,Dongsi\n" for i in range(480))
    header = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station\n"
    (tmp_path / "rows.csv").write_text(header + rows)
    collector = Collector(broker.port)
    command = [sys.executable, "-m", "edge_collectors.feeders", "ngsi", str(tmp_path / "rows.csv")]
    command += ["--port", str(broker.port), "--log", str(tmp_path / "log.jsonl"), "--per-second", "250"]
    chance = random.Random(3)
    for _ in range(3):
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        deadline, enough = time.monotonic() + 30, len(collector.seen) + chance.randrange(50, 150)
        while len(collector.seen) < enough and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, cwd=CHECKOUT, timeout=60, check=True, stdout=subprocess.DEVNULL)
    collector.close()
    final = PublisherLog(tmp_path / "log.jsonl")
    assert len(final.confirmed) == 960 and final.unconfirmed == set()
    assert final.confirmed == set(collector.seen)
    (found,) = ngsi.documents(collector.payloads["dongsi-2013030100-air"], None)
    assert found["device"] == "prsa-dongsi"


def test_too_many_messages_under_way_are_refused_at_once(log):
    with pytest.raises(ValueError, match="must be 1 to 50000"):
        NgsiPublisher("127.0.0.1", 1883, "feeder-1", log, window=65_000)
