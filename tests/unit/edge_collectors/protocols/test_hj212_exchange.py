"""Answers, split messages, and building packets."""

import re

import pytest

from edge_collectors.protocols.hj212 import (
    Assembler,
    Refused,
    acknowledgement,
    decode,
    document,
    encode,
    encode_split,
    frames,
    idempotency_key,
)
from edge_collectors.protocols.hj212.reply import execution_result, outcome, request_answer
from tests.support.hj212_vectors import VALID

DEVICE = {"st": "22", "pw": "123456", "mn": "010000A8900016F000169DC0"}
READING = "DataTime=20260301080000;a34004-Rtd=35.2,a34004-Flag=N"


def sent(cn="2011", qn="20160801085857223", cp=READING, **fields):
    return decode(encode(cn=cn, qn=qn, cp=cp, **(DEVICE | fields)))


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_data_answer_is_the_one_of_the_standard():
    assert acknowledgement(sent(flag=5)) == VALID["2017_data_acknowledgement"] + b"\r\n"
    packet = sent(qn="20260706103512345", mn="A110000_0001", flag=9)
    assert acknowledgement(packet) == VALID["2025_data_acknowledgement"] + b"\r\n"


@pytest.mark.parametrize(
    ("cn", "flag", "answer"),
    [
        ("2011", 4, None),
        ("2051", 5, "9014"),
        ("2061", 1, "9014"),
        ("2031", 9, "9014"),
        ("3020", 5, "9014"),
        ("1013", 5, "9013"),
        ("1013", 4, None),
        ("9015", 8, "9013"),
        ("9011", 5, None),
        ("9012", 5, None),
        ("9014", 5, None),
        ("1062", 5, None),
    ],
)
def test_who_gets_which_answer(cn, flag, answer):
    received = acknowledgement(sent(cn=cn, flag=flag, cp=READING))
    if answer is None:
        assert received is None
        return
    reply = decode(received)
    assert (reply.cn, reply.st, reply.qn, reply.mn, reply.cp) == (
        answer,
        "91",
        "20160801085857223",
        DEVICE["mn"],
        "",
    )
    assert reply.flag == flag & 0b11111100


def test_a_packet_of_2005_without_flag_wants_no_answer():
    assert acknowledgement(decode(VALID["2005_realtime_waste_water"])) is None


def test_a_device_answers_a_command():
    command = decode(VALID["2017_set_timeout_annex_c"])
    assert outcome(decode(request_answer(command, 1))) == "ready"
    assert outcome(decode(request_answer(command, 9))) == "wrong CRC"
    assert outcome(decode(execution_result(command, 100))) == "no data"
    assert outcome(decode(execution_result(command, 77))) == "ExeRtn=77"
    assert outcome(command) is None


def long_message():
    items = [f"a{number:05d}-Avg={number}.5,a{number:05d}-Flag=N" for number in range(40)]
    return "DataTime=20260301080000;" + ";".join(items)


def parts_of(cp, **fields):
    packets = encode_split(cn="2061", qn="20260301090000001", cp=cp, flag=5, **(DEVICE | fields))
    return [decode(packet) for packet in packets]


def test_a_long_message_is_split_and_joined_in_any_order():
    parts = parts_of(long_message())
    assert len(parts) == 2 and {p.pnum for p in parts} == {2} and all(p.flag == 7 for p in parts)
    assert max(len(p.raw) for p in parts) <= 1034
    for order in (parts, parts[::-1]):
        assembler = Assembler()
        assert assembler.add(order[0]) is None
        whole = assembler.add(order[1])
        assert whole.cp == long_message()
        assert whole.raw == parts[0].raw + b"\r\n" + parts[1].raw
        assert len(document(whole, "Asia/Shanghai")["items"]) == 40
        assert document(whole, "Asia/Shanghai")["meta"]["parts"] == 2
        assert assembler.incomplete() == []


def test_each_part_that_asks_for_it_gets_the_answer_of_its_message():
    answers = {acknowledgement(part) for part in parts_of(long_message())}
    assert answers == {acknowledgement(sent(cn="2061", qn="20260301090000001", flag=5))}


def test_every_part_may_repeat_the_time():
    first = sent(cn="2061", flag=7, pnum=2, pno=1, cp="DataTime=20260301080000;a34004-Avg=35")
    second = sent(cn="2061", flag=7, pnum=2, pno=2, cp="DataTime=20260301080000;a34002-Avg=60")
    assembler = Assembler()
    assembler.add(first)
    codes = [item["code"] for item in document(assembler.add(second), "Asia/Shanghai")["items"]]
    assert codes == ["a34004", "a34002"]


def test_parts_of_different_times_contradict_each_other_and_are_kept():
    first = sent(cn="2061", flag=7, pnum=2, pno=1, cp="DataTime=20260301080000;a34004-Avg=35")
    second = sent(cn="2061", flag=7, pnum=2, pno=2, cp="DataTime=20260301090000;a34002-Avg=60")
    assembler = Assembler()
    assembler.add(first)
    with pytest.raises(Refused, match="says DataTime=20260301090000 where part 1 said 20260301080000") as refusal:
        assembler.add(second)
    assert refusal.value.code == "assembly"
    assert assembler.parts() == [first.raw], "the part that came first goes on waiting"


def test_a_repeated_part_is_harmless_and_a_changed_one_is_refused():
    parts = parts_of(long_message())
    assembler = Assembler()
    assert assembler.add(parts[0]) is None
    assert assembler.add(parts[0]) is None
    changed = sent(cn="2061", qn="20260301090000001", flag=7, pnum=2, pno=1, cp="DataTime=20260301080000;a34004-Avg=1")
    with pytest.raises(Refused, match="differs from the same part"):
        assembler.add(changed)
    assert assembler.parts() == [parts[0].raw]
    assert assembler.add(parts[1]).cp == long_message()


def test_a_part_repeated_after_its_answer_was_lost_changes_nothing_also_after_a_restart():
    clock, parts = Clock(), parts_of(long_message())
    assembler = Assembler(timeout_s=30, clock=clock)
    assembler.add(parts[0])
    assert assembler.add(parts[1]).cp == long_message()
    restarted = Assembler(timeout_s=30, clock=clock)
    again = [restarted.add(decode(frame)) for frame in assembler.parts()]
    assert again[0] is None and again[1].cp == long_message(), "the whole comes again, for a crash before it was stored"
    for one in (assembler, restarted):
        assert one.add(parts[1]) is None and one.waiting == 0
        clock.now += 60
        assert one.incomplete() == [], "nothing of it is left waiting"


def test_messages_without_request_number_follow_each_other():
    """2005: no QN; the second part of two messages may be the same bytes."""
    first, second = "DataTime=20260301080000;011-Rtd=1", "DataTime=20260301080100;011-Rtd=1"
    assembler = Assembler()
    for cp in (first, second):
        assert assembler.add(sent(qn=None, flag=3, pnum=2, pno=1, cp=cp)) is None
        assert assembler.add(sent(qn=None, flag=3, pnum=2, pno=2, cp="060-Rtd=2")).cp == f"{cp};060-Rtd=2"


def test_another_number_of_parts_is_refused():
    assembler = Assembler()
    assembler.add(sent(flag=7, pnum=3, pno=1))
    with pytest.raises(Refused, match="says PNUM=2 where part 1 said 3"):
        assembler.add(sent(flag=7, pnum=2, pno=2))


def test_a_message_that_stays_incomplete_comes_back_with_its_bytes():
    clock = Clock()
    assembler = Assembler(timeout_s=30, clock=clock)
    assembler.add(sent(flag=7, pnum=3, pno=3))
    clock.now = 20.0
    assembler.add(sent(flag=7, pnum=3, pno=1))
    clock.now = 49.9
    assert assembler.incomplete() == [], "30 s count from the part that came last"
    clock.now = 50.0
    (given_up,) = assembler.incomplete()
    assert given_up.code == "assembly"
    assert given_up.raw == sent(flag=7, pnum=3, pno=1).raw + b"\r\n" + sent(flag=7, pnum=3, pno=3).raw
    assert re.search("Of the 3 parts of message QN=2016080108585722. .*only 1, 3 had come and no .* 30 s", given_up.reason)
    assert assembler.incomplete() == [] and assembler.parts() == []


def test_waiting_parts_are_bounded_and_the_longest_waiting_message_gives_way():
    assembler = Assembler(max_parts=10)
    for number in range(30):
        assembler.add(sent(qn=f"202603010900{number:02d}001", flag=7, pnum=2, pno=1))
    given_up = assembler.incomplete()
    assert len(given_up) == 20 and len(assembler.parts()) == 10
    assert b"QN=20260301090000001" in given_up[0].raw and "more than 10 parts" in given_up[0].reason


def test_whole_messages_are_forgotten_before_a_waiting_one_is_given_up():
    assembler = Assembler(max_parts=4)
    waiting = sent(qn="20260301090000001", flag=7, pnum=2, pno=1)
    assembler.add(waiting)
    for number in range(1, 4):
        for pno in (1, 2):
            assembler.add(sent(qn=f"202603010900{number:02d}001", flag=7, pnum=2, pno=pno))
    assert assembler.incomplete() == [] and waiting.raw in assembler.parts() and len(assembler.parts()) <= 4


def test_a_single_packet_passes_through():
    packet = decode(VALID["2017_realtime_voc"])
    assert Assembler().add(packet) is packet
    numbered = sent(flag=7, pnum=1, pno=1)
    assert Assembler().add(numbered) is numbered


@pytest.mark.parametrize(
    ("case", "key"),
    [
        ("2017_realtime_voc", "MK130502VQ0162,20200725210900001,2011,"),
        ("2005_split_part", "12011200160055,20260301080000123,2011,1"),
    ],
)
def test_the_idempotency_key_is_mn_qn_cn_pno(case, key):
    assert idempotency_key(decode(VALID[case])) == key


def test_without_qn_the_key_holds_time_and_content():
    one, other = decode(VALID["2005_realtime_waste_water"]), decode(VALID["2005_minute_without_flags"])
    assert idempotency_key(one).startswith("0873HHMZWSLH02,2011,20160103133030,")
    assert idempotency_key(one) == idempotency_key(decode(VALID["2005_realtime_waste_water"] + b"\r\n"))
    assert idempotency_key(one) != idempotency_key(other)


@pytest.mark.parametrize("case", VALID)
def test_what_was_decoded_can_be_built_again(case):
    packet = decode(VALID[case])
    built = encode(
        st=packet.st,
        cn=packet.cn,
        pw=packet.pw,
        mn=packet.mn,
        cp=packet.cp,
        qn=packet.qn,
        flag=packet.flag,
        pnum=packet.pnum,
        pno=packet.pno,
        is_resent=packet.is_resent,
    )
    assert built.upper() == VALID[case].upper() + b"\r\n"
    assert frames(built) == ([built[:-2]], b"")


def test_a_packet_against_the_standard_is_not_built():
    with pytest.raises(Refused, match="RF is a mark of the edition of 2025"):
        encode(cn="2011", qn="20160801085857223", cp=READING, flag=5, is_resent=True, **DEVICE)
