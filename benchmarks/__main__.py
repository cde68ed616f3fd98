"""`make bench`: what judging costs, then the gateway beside its contenders."""

from __future__ import annotations

from benchmarks import judging, throughput

for cost in judging.measure():
    print(judging.line(cost))
throughput.main()
