"""Differential fuzz of both engines: `python -m tests.conformance.fuzz --pairs N --seed S`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from random import Random, SystemRandom
from typing import Any, NamedTuple

from dataquarantine.validation.json_schema import compile_json_schema
from tests.conformance import generate
from tests.conformance.engines import NOW
from tests.conformance.suite import DRAFTS

INSTANCES_PER_SCHEMA = 25


class Findings(NamedTuple):
    """What a run saw; `valid` shows that it did not only refuse."""

    pairs: int
    schemas: int
    valid: int
    declined: int
    disagreements: list[str]


def run(pairs: int, seed: int) -> Findings:
    """Judge random instances by random schemas with both engines, and list what they differ in."""
    random = Random(seed)
    judged = schemas = valid = declined = 0
    disagreements: list[str] = []
    while judged < pairs:
        definition = _definition(random)
        layer = compile_json_schema(definition)
        if layer.second_opinion is None:
            declined += 1
            continue
        schemas += 1
        for _ in range(min(INSTANCES_PER_SCHEMA, pairs - judged)):
            document = generate.instance(random, 3)
            first = layer.passes(document, NOW)
            named = first or bool(layer.violations(document, NOW))
            judged += 1
            valid += first
            if layer.second_opinion(document) is not first or not named:
                disagreements.append(_shown(definition, document, first))
    return Findings(judged, schemas, valid, declined, disagreements)


def _definition(random: Random) -> dict[str, Any]:
    draft = random.choice(list(DRAFTS))
    since_6, since_7 = draft != "draft4", draft not in ("draft4", "draft6")
    made = generate.schema(random, 3, since_6=since_6, since_7=since_7)
    return {"$schema": DRAFTS[draft], **made}


def _shown(definition: Any, document: Any, first: bool) -> str:
    verdict = "valid" if first else "invalid"
    return f"jsonschema-rs says {verdict}: {json.dumps(document)} under {json.dumps(definition)}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.fuzz", description=__doc__)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, help="default: a random one, printed")
    arguments = parser.parse_args()
    seed = SystemRandom().getrandbits(32) if arguments.seed is None else arguments.seed
    began = time.monotonic()
    found = run(arguments.pairs, seed)
    for disagreement in found.disagreements[:20]:
        print(disagreement, file=sys.stderr)
    print(
        f"seed {seed}: {found.pairs} pairs, {found.schemas} schemas, {found.valid} valid, "
        f"{found.declined} schemas declined, {len(found.disagreements)} disagreements, "
        f"{time.monotonic() - began:.1f} s"
    )
    return 1 if found.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
