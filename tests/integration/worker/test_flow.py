"""From the source topic to the stores, through a real worker."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

from tests.integration.worker.stack import Stack, until

IN_BOTH_MODES = True
#: The pipeline of each test that shares the worker.
LANES: dict[str, dict[str, object]] = {
    "test_the_seeds_valid_record_is_forwarded_as_it_came": {},
    "test_the_seeds_invalid_record_is_quarantined_in_all_three_places": {},
    "test_every_bad_input_ends_in_quarantine_with_its_reason": {},
    "test_odd_but_valid_records_are_forwarded_byte_for_byte": {},
    "test_a_tombstone_is_forwarded_with_its_key": {},
    "test_records_of_any_time_are_stored": {},
    "test_a_record_over_the_limit_is_a_size_violation": {"max_record_bytes": 1000},
    "test_ten_thousand_records_that_are_all_bad_are_all_stored": {},
    "test_observe_mode_judges_and_counts_but_writes_nothing": {"mode": "observe"},
    "test_the_web_port_serves_no_page_of_another_site": {},
    "test_a_scrape_has_every_documented_metric_and_no_other": {},
    "test_every_line_of_the_log_is_one_json_object": {},
}

VALID = (
    b'{"_schema":"user_event","user_id":"USER123456","event_type":"purchase",'
    b'"timestamp":"2025-12-27T16:00:00Z","product_id":"PROD789","session_id":"sess_abc123"}'
)
WITHOUT_USER = (
    b'{"_schema":"user_event","event_type":"purchase","timestamp":"2025-12-27T16:00:00Z"}'
)
SENT_MS = 1_766_851_200_000


def test_the_seeds_valid_record_is_forwarded_as_it_came(lane: Stack) -> None:
    headers = [("client", b"app"), ("client", None), ("__dq.src", b"forged")]
    lane.produce([{"value": VALID, "timestamp": SENT_MS, "headers": headers}])

    [record] = lane.read(lane.valid, 1)
    assert record.value() == VALID
    assert record.key() == b"USER123456"
    assert record.timestamp()[1] == SENT_MS
    assert record.headers() == [
        ("client", b"app"),
        ("client", None),
        ("__dq.src", f"{lane.source}/0/0".encode()),
        ("__dq.schema", b"user_event@1.0.0"),
    ]
    assert lane.read(lane.dead_letter, 0) == []


def test_the_seeds_invalid_record_is_quarantined_in_all_three_places(lane: Stack) -> None:
    lane.produce(
        [
            VALID,
            {"value": WITHOUT_USER, "key": b"k", "timestamp": SENT_MS, "headers": [("a", b"b")]},
        ]
    )

    [letter] = lane.read(lane.dead_letter, 1)
    envelope = json.loads(letter.value())
    assert letter.key() == b"k"
    assert envelope["original_message"] == json.loads(WITHOUT_USER)
    assert WITHOUT_USER in letter.value()
    assert envelope["validation_error"] == {
        "error_type": "schema_violation",
        "error_message": "'user_id' is a required property",
        "field_path": "user_id",
    }
    assert envelope["source_topic"] == lane.source
    assert (envelope["source_partition"], envelope["source_offset"]) == (0, 1)
    assert envelope["source_headers"] == [["a", "b"]]
    headers = dict(letter.headers())
    assert headers["a"] == b"b"
    assert headers["__dq.errors.code"] == b"MISSING_FIELD"
    assert headers["__dq.errors.offset"] == b"1"

    until(lambda: [r["status"] for r in lane.rows()] == ["stored"], 30, "a stored row")
    [row] = lane.rows()
    path = f"{lane.source}/0/1_{envelope['id']}.json"
    assert row["storage_path"] == path
    assert (row["topic"], row["partition"], row["offset"]) == (lane.source, 0, 1)
    assert (row["schema_name"], row["schema_version"]) == ("user_event", "1.0.0")
    assert (row["error_type"], row["field_path"]) == ("schema_violation", "user_id")
    assert json.loads(lane.object(path))["original_message"] == json.loads(WITHOUT_USER)
    until(lambda: lane.committed(lane.source) == {0: 2}, 30, "source committed")
    until(lambda: sum(lane.committed(lane.dead_letter).values()) == 1, 30, "DLQ committed")


DEEP = b"[" * 5000 + b"]" * 5000
LARGE = b'{"_schema":"user_event","user_id":"USER000001","event_type":"view",' + (
    b'"timestamp":"2025-12-27T16:00:00Z","blob":"' + b"x" * 10_000_000 + b'"}'
)


def event(**fields: object) -> bytes:
    values: dict[str, object] = {"_schema": "user_event", "user_id": "USER000001"}
    values |= {"event_type": "view", "timestamp": "2025-12-27T16:00:00Z"}
    return json.dumps({**values, **fields}).encode()


BAD = {
    "empty": (b"", "malformed_payload", "EMPTY_VALUE"),
    "not JSON": (b"nope", "malformed_payload", "NOT_JSON"),
    "not UTF-8": (b'{"_schema":"\xff\xfe"}', "malformed_payload", "INVALID_ENCODING"),
    "NaN": (b'{"_schema":"user_event","x":NaN}', "malformed_payload", "NOT_JSON"),
    "5,000 deep": (DEEP, "malformed_payload", "NESTED_TOO_DEEP"),
    "900 kB, not JSON": (b"\x00" * 900_000, "malformed_payload", None),
    "no _schema": (b'{"user_id":"USER000001"}', "schema_missing", "SCHEMA_MISSING"),
    "_schema: 7": (event(_schema=7), "schema_missing", "SCHEMA_REFERENCE_INVALID"),
    "_schema is a path": (event(_schema="../../x"), "schema_missing", "SCHEMA_REFERENCE_INVALID"),
    "unknown schema": (event(_schema="nobody_knows"), "schema_not_found", "SCHEMA_UNKNOWN"),
    "unknown version": (
        event(_schema="user_event@9.9.9"),
        "schema_not_found",
        "SCHEMA_VERSION_UNKNOWN",
    ),
    "broken enum": (event(event_type="bought"), "schema_violation", "ENUM_MISMATCH"),
}


def test_every_bad_input_ends_in_quarantine_with_its_reason(lane: Stack) -> None:
    lane.produce([value for value, _, _ in BAD.values()])
    lane.produce([VALID])

    letters = sorted(lane.read(lane.dead_letter, len(BAD)), key=lambda m: int(m.offset()))
    envelopes = [json.loads(letter.value()) for letter in letters]
    for (name, (value, error_type, code)), envelope in zip(BAD.items(), envelopes, strict=True):
        error = envelope["validation_error"]
        assert error["error_type"] == error_type, name
        assert error["error_message"], name
        if code is not None:
            assert envelope["violations"][0]["code"] == code, name
        if envelope["original_base64"] is not None:
            assert base64.b64decode(envelope["original_base64"]) == value, name
    assert [m.value() for m in lane.read(lane.valid, 1)] == [VALID]
    rows = lane.wait_for_rows(len(BAD))
    by_offset = {row["offset"]: row for row in rows}
    large = list(BAD).index("900 kB, not JSON")
    stored = json.loads(lane.object(by_offset[large]["storage_path"]))
    assert base64.b64decode(stored["original_base64"]) == BAD["900 kB, not JSON"][0]
    assert envelopes[large]["payload_ref"] == by_offset[large]["storage_path"]


FORWARDED = {
    "30 digits": event(n=10**29),
    "1.10 keeps its zero": event().replace(b"}", b',"price":1.10}'),
    "spaces": b" " + event().replace(b'": ', b'" :  ') + b"\n",
    "duplicate keys": event().replace(b"}", b',"x":1,"x":2}'),
    "by version": event(_schema="user_event@1.0.0"),
}


def test_odd_but_valid_records_are_forwarded_byte_for_byte(lane: Stack) -> None:
    lane.produce(list(FORWARDED.values()))

    records = sorted(lane.read(lane.valid, len(FORWARDED)), key=lambda m: int(m.offset()))
    assert [m.value() for m in records] == list(FORWARDED.values())


def test_a_tombstone_is_forwarded_with_its_key(lane: Stack) -> None:
    lane.produce([{"value": None, "key": b"USER000001"}])

    [record] = lane.read(lane.valid, 1)
    assert (record.key(), record.value()) == (b"USER000001", None)


def test_records_of_any_time_are_stored(lane: Stack) -> None:
    times_ms = [1, 253_402_300_799_000]
    for value in (VALID, b"nope"):
        lane.produce([{"value": value, "timestamp": sent_ms} for sent_ms in times_ms])
        lane.produce_untimed(value)

    forwarded = sorted(lane.read(lane.valid, 3), key=lambda m: int(m.offset()))
    assert [m.timestamp()[1] for m in forwarded] == [*times_ms, -1]
    rows = lane.wait_for_rows(3)
    assert [row["source_timestamp_ms"] for row in rows] == [*times_ms, -1]
    assert [row["timestamp"].year for row in rows] == [1970, 9999, 1970]


def test_a_record_of_10_mb_passes_where_the_topics_allow_it(kafka_stack: Stack) -> None:
    stack = kafka_stack
    stack.create_topics(**{"max.message.bytes": "15000000"})
    stack.pipeline = {"max_record_bytes": 12_000_000}
    stack.start_worker()

    stack.produce([LARGE, VALID, LARGE.replace(b'"view"', b'"bought"')])

    values = {len(m.value()) for m in stack.read(stack.valid, 2)}
    assert values == {len(LARGE), len(VALID)}
    [row] = stack.wait_for_rows(1)
    assert b"bought" in stack.object(row["storage_path"])


def test_a_record_over_the_limit_is_a_size_violation(lane: Stack) -> None:
    lane.produce([event(blob="x" * 2000)])

    [letter] = lane.read(lane.dead_letter, 1)
    assert json.loads(letter.value())["validation_error"]["error_type"] == "size_violation"


def test_a_valid_record_that_its_topic_refuses_is_quarantined(kafka_stack: Stack) -> None:
    stack = kafka_stack
    stack.create_topics()
    stack.alter_topic(stack.valid, "max.message.bytes", "2000")
    stack.start_worker()

    stack.produce([VALID, event(blob="x" * 5000), VALID])

    assert [m.value() for m in stack.read(stack.valid, 2)] == [VALID, VALID]
    [letter] = stack.read(stack.dead_letter, 1)
    assert json.loads(letter.value())["validation_error"] == {
        "error_type": "produce_error",
        "error_message": f"{stack.valid} did not take the record: "
        "it is larger than the broker accepts",
        "field_path": None,
    }


def test_an_envelope_that_its_topic_refuses_leaves_its_payload_in_s3(kafka_stack: Stack) -> None:
    stack = kafka_stack
    stack.create_topics()
    stack.alter_topic(stack.dead_letter, "max.message.bytes", "6000")
    stack.start_worker()
    value = event(event_type="bought", blob="x" * 20_000)

    stack.produce([value])

    [letter] = stack.read(stack.dead_letter, 1)
    envelope = json.loads(letter.value())
    assert envelope["original_message"] is None
    stored = json.loads(stack.object(envelope["payload_ref"]))
    assert stored["original_message"] == json.loads(value)
    [row] = stack.wait_for_rows(1)
    assert row["storage_path"] == envelope["payload_ref"]


def test_ten_thousand_records_that_are_all_bad_are_all_stored(lane: Stack) -> None:
    # A tenth on Tansu and in exactly_once mode, where the sinks do nothing else.
    count = 10_000 if lane.idempotence and lane.delivery == "at_least_once" else 1000
    lane.produce([b'{"_schema":"user_event","n":%d}' % n for n in range(count)])

    rows = lane.wait_for_rows(count, timeout_s=150)
    assert [row["offset"] for row in rows] == list(range(count))
    assert len(lane.objects()) == count
    until(lambda: lane.committed(lane.source) == {0: count}, 30, "source committed")


def test_observe_mode_judges_and_counts_but_writes_nothing(lane: Stack) -> None:
    lane.produce([VALID, WITHOUT_USER, b"nope"])

    until(lambda: lane.committed(lane.source) == {0: 3}, 30, "source committed")
    counted = (
        f'dataquarantine_records_invalid_total{{error_type="schema_violation",'
        f'schema="user_event",topic="{lane.source}"}} 1.0'
    )
    assert counted in lane.workers[0].metrics()
    assert lane.read(lane.valid, 0) == []
    assert lane.read(lane.dead_letter, 0) == []
    assert lane.rows() == []


def test_the_web_port_serves_no_page_of_another_site(lane: Stack) -> None:
    port = lane.workers[0].port
    subject = f"http://127.0.0.1:{port}/registry/subjects/x/versions"
    as_a_form = {"Content-Type": "text/plain"}
    by_a_name = {"Host": "attacker.example"}

    statuses = [
        status_of(f"http://127.0.0.1:{port}/healthz"),
        status_of(f"http://127.0.0.1:{port}/api/v1/me", headers=by_a_name),
        status_of(subject, data=b'{"schema": "{}"}', headers=as_a_form),
    ]

    assert statuses == [200, 403, 403]


def status_of(url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> int:
    request = urllib.request.Request(url, data, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        exc.close()
        return int(exc.code)


def test_a_scrape_has_every_documented_metric_and_no_other(lane: Stack) -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
    documented = set(re.findall(r"^\| `(\w+)`", page.read_text("utf-8"), re.MULTILINE))

    scraped = set(re.findall(r"^# TYPE (dataquarantine_\w+)", lane.workers[0].metrics(), re.M))

    assert {name for name in scraped if not name.endswith("_created")} == documented


def test_every_line_of_the_log_is_one_json_object(lane: Stack) -> None:
    lines = [json.loads(line) for line in lane.workers[0].log.read_text().splitlines()]

    assert {"timestamp", "level", "logger", "event", "message"} <= set.intersection(
        *map(set, lines)
    )
    assert any(line["logger"].startswith("faust") for line in lines)
