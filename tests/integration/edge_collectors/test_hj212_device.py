"""The device keeps a message until 9014 comes, over lost answers, cut connections and its own death."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edge_collectors.feeders.hj212_device import Hj212Device
from edge_collectors.feeders.hj212_messages import DeviceMessage
from edge_collectors.feeders.published import send_packets
from edge_collectors.feeders.publisher_log import PublisherLog
from edge_collectors.protocols import hj212

CHECKOUT = Path(__file__).parents[3]
MN = "010000A8900016F000169DC0"


class Host:
    """Notes what arrives and answers as `answer(packet, times seen)` says: bytes, b"" or None (cut)."""

    def __init__(self, answer, port=0, greeting=b""):
        self.seen: list[str] = []
        self.received: list[hj212.Packet] = []
        self._answer, self._greeting = answer, greeting
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        rest = b""
        with connection, contextlib.suppress(OSError):
            connection.sendall(self._greeting)
            while received := connection.recv(65536):
                cut, rest = hj212.frames(rest + received)
                for frame in cut:
                    answer = self._note(hj212.decode(frame))
                    if answer is None:
                        return
                    connection.sendall(answer)

    def _note(self, packet):
        self.received.append(packet)
        self.seen.append(packet.qn)
        return self._answer(packet, self.seen.count(packet.qn))


def messages(number):
    for index in range(number):
        qn = f"20260301{index // 3600:02d}{index // 60 % 60:02d}{index % 60:02d}000"
        packet = hj212.encode(st="22", cn="2011", pw="123456", mn=MN, qn=qn, flag=5, cp=f"DataTime={qn[:14]}")
        yield DeviceMessage(qn, MN, qn, (packet,))


def always(packet, times):
    return hj212.acknowledgement(packet) or b""


@pytest.fixture
def log(tmp_path):
    return PublisherLog(tmp_path / "log.jsonl")


@pytest.mark.parametrize("window", [1, 20])
def test_every_message_is_answered_once(log, window):
    host = Host(always)
    assert Hj212Device("127.0.0.1", host.port, log, window=window).run(messages(100)) == 100
    assert sorted(host.seen) == [message.qn for message in messages(100)]
    assert log.unconfirmed == set()


def test_lost_answers_and_cut_connections_are_repeated_with_the_same_qn(log):
    chance = random.Random(11)

    def unreliable(packet, times):
        return chance.choice((always(packet, times), b"", None, b"##noise\r\n"))

    host = Host(unreliable)
    device = Hj212Device("127.0.0.1", host.port, log, over_time_s=0.05, window=10)
    assert device.run(messages(60)) == 60
    assert set(host.seen) == {message.qn for message in messages(60)} and len(host.seen) > 60
    assert len({packet.raw for packet in host.received}) == 60, "a repeat is the same bytes"


def test_the_answer_to_another_message_confirms_nothing(log):
    def wrong(packet, times):
        other = hj212.decode(next(messages(1)).packets[0])
        return hj212.acknowledgement(other) if times == 1 else always(packet, times)

    host = Host(wrong)
    last = list(messages(5))[-1:]
    assert Hj212Device("127.0.0.1", host.port, log, over_time_s=0.05).run(last) == 1
    assert host.seen == [last[0].qn] * 2


def test_it_waits_for_a_collector_that_is_not_there_yet(log):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    device = Hj212Device("127.0.0.1", port, log, over_time_s=0.2)
    thread = threading.Thread(target=device.run, args=(messages(3),))
    thread.start()
    time.sleep(0.3)
    assert log.confirmed == set() and len(log.sent) == 1
    Host(always, port)
    thread.join(10)
    assert len(log.confirmed) == 3


def test_the_host_sets_wait_and_repeats(log):
    command = {"st": "32", "pw": "123456", "mn": MN, "flag": 5}
    set_timeout = hj212.encode(cn="1000", qn="20260301000000001", cp="OverTime=7;ReCount=5", **command)
    set_clock = hj212.encode(cn="1012", qn="20260301000000002", cp="SystemTime=20260301000000", **command)
    host = Host(always, greeting=set_timeout + set_clock)
    device = Hj212Device("127.0.0.1", host.port, log)
    device.run(messages(5))
    assert (device.over_time_s, device.re_count) == (7.0, 5)
    answers = [(packet.qn[-1], packet.cn, packet.cp) for packet in host.received if packet.st == "91"]
    assert answers == [("1", "9011", "QnRtn=1"), ("1", "9012", "ExeRtn=1"), ("2", "9011", "QnRtn=2")]


def test_published_packets_are_sent_as_they_are(tmp_path):
    host = Host(lambda packet, times: b"")
    (tmp_path / "packets.txt").write_bytes(b"".join(packet for m in messages(3) for packet in m.packets))
    assert send_packets(tmp_path / "packets.txt", "127.0.0.1", host.port) == b""
    assert host.seen == [message.qn for message in messages(3)]


def test_a_killed_device_resumes_and_nothing_is_forgotten(tmp_path):
    """Five kill -9 at random moments: what the log calls confirmed was answered, and in the end all is."""
    rows = "".join(f"{i},2013,3,{1 + i // 24},{i % 24},{i},9,3,17,300,89,1,1,1,0,N,1,Dongsi\n" for i in range(240))
    header = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station\n"
    (tmp_path / "rows.csv").write_text(header + rows)
    answered = set()

    def slow(packet, times):
        time.sleep(0.01)
        answered.add(f"{packet.mn},{packet.qn}")
        return always(packet, times)

    host = Host(slow)
    command = [sys.executable, "-m", "edge_collectors.feeders", "hj212", str(tmp_path / "rows.csv")]
    command += ["--port", str(host.port), "--log", str(tmp_path / "log.jsonl"), "--over-time", "0.5"]
    chance = random.Random(5)
    for _ in range(5):
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        deadline, enough = time.monotonic() + 30, len(host.seen) + chance.randrange(5, 40)
        while len(host.seen) < enough and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        confirmed = {e["key"] for e in read(tmp_path / "log.jsonl") if "confirmed_at" in e}
        assert confirmed <= answered
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("confirmed ")
    final = PublisherLog(tmp_path / "log.jsonl")
    assert len(final.confirmed) == 240 and final.unconfirmed == set() and final.confirmed == answered


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
