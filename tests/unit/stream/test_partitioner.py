import pytest
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.stream.partitioner import KeyPartitioner, murmur2, partition_for


@pytest.mark.parametrize(
    ("key", "signed_hash"),
    [
        # the cases of Kafka's own UtilsTest.testMurmur2
        pytest.param(b"21", -973932308, id="two-bytes"),
        pytest.param(b"foobar", -790332482, id="six-bytes"),
        pytest.param(b"a-little-bit-long-string", -985981536, id="whole-words"),
        pytest.param(b"a-little-bit-longer-string", -1486304829, id="words-and-rest"),
        pytest.param(b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971, id="long"),
        pytest.param(b"abc", 479470107, id="rest-only"),
    ],
)
def test_hash_is_what_java_computes(key: bytes, signed_hash: int) -> None:
    assert murmur2(key) == signed_hash & 0xFFFFFFFF


@given(st.binary(max_size=400))
def test_hash_agrees_with_aiokafka(key: bytes) -> None:
    assert murmur2(key) == aiokafka_murmur2(key)


@given(st.binary(max_size=200), st.integers(1, 1000))
def test_partition_is_the_positive_hash_modulo_the_count(key: bytes, partitions: int) -> None:
    expected = (aiokafka_murmur2(key) & 0x7FFFFFFF) % partitions

    assert partition_for(key, partitions) == expected
    assert KeyPartitioner(partitions).choose(key) == expected


def test_partition_follows_a_changed_count() -> None:
    assert [partition_for(b"foobar", count) for count in (1, 7, 12)] == [
        (-790332482 & 0x7FFFFFFF) % count for count in (1, 7, 12)
    ]


def test_keys_are_remembered_up_to_a_limit() -> None:
    partitioner = KeyPartitioner(7)
    long_key = b"x" * 129

    for number in range(200_001):
        partitioner.choose(b"%d" % number)
    partitioner.choose(long_key)

    assert partitioner.known == {b"200000": partition_for(b"200000", 7)}
