import pytest
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st

from dataquarantine.stream.partitioner import (
    murmur2,
    murmur2_of,
    partition_for,
    partitions_for,
)


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


def test_partition_follows_a_changed_count() -> None:
    assert [partition_for(b"foobar", count) for count in (1, 7, 12)] == [
        (-790332482 & 0x7FFFFFFF) % count for count in (1, 7, 12)
    ]


@given(st.lists(st.none() | st.binary(max_size=40), max_size=40), st.integers(1, 64))
def test_many_keys_at_once_get_the_partitions_of_each(
    keys: list[bytes | None], partitions: int
) -> None:
    expected = [partition_for(key, partitions) if key else -1 for key in keys]

    assert list(partitions_for(keys, partitions, unkeyed=-1)) == expected


@given(
    st.integers(1, 70).flatmap(lambda n: st.lists(st.binary(min_size=n, max_size=n), min_size=1))
)
def test_keys_of_one_length_hash_together_as_alone(keys: list[bytes]) -> None:
    assert murmur2_of(keys, len(keys[0])) == [aiokafka_murmur2(key) for key in keys]
