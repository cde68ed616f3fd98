"""Grafana dashboards as code: `python deploy/grafana/generate.py` writes the JSON beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    gauge,
    heatmap,
    piechart,
    prometheus,
    stat,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
RATE = "[$__rate_interval]"


def queries(panel: Any, *targets: tuple[str, str], fmt: str = "time_series") -> Any:
    """Give a panel its expressions, each with its legend."""
    panel.datasource(SOURCE)
    for number, (expression, legend) in enumerate(targets):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).format(fmt)
        panel.with_target(query.ref_id(chr(ord("A") + number)))
    return panel


def lines(title: str, unit: str, *targets: tuple[str, str], help_text: str = "") -> Any:
    """Make a panel of lines over time."""
    panel = timeseries.Panel().title(title).unit(unit).description(help_text).min(0)
    legend = common.VizLegendOptions().show_legend(True).placement(kinds.LegendPlacement.BOTTOM)
    panel.legend(legend.display_mode(kinds.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"]))
    return queries(panel.fill_opacity(8).line_width(1).span(12).height(8), *targets)


def limits(*steps: tuple[float | None, str]) -> Any:
    """Colour by value."""
    made = [Threshold(value=value, color=color) for value, color in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def number(title: str, unit: str, expression: str, steps: Any) -> Any:
    """Make a panel of one number."""
    return queries(
        stat.Panel().title(title).unit(unit).thresholds(steps).span(6).height(5), (expression, "")
    )


def dial(title: str, unit: str, top: float, steps: Any, target: tuple[str, str]) -> Any:
    """Make a gauge."""
    panel = gauge.Panel().title(title).unit(unit).min(0).max(top).thresholds(steps)
    return queries(panel.span(6).height(8), target)


def pie(title: str, expression: str, legend: str) -> Any:
    """Make a pie of the range that is shown."""
    panel = piechart.Panel().title(title).pie_type("donut").span(12).height(8)
    reduce = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)
    return queries(panel.reduce_options(reduce), (expression, legend))


def quantiles(metric: str, by: str, where: str = "") -> list[tuple[str, str]]:
    """Give p50, p95 and p99 of a histogram."""
    rate = f"sum by (le, {by}) (rate({metric}_bucket{{{where}}}{RATE}))"
    return [
        (f"histogram_quantile({q}, {rate})", f"p{q * 100:g} {{{{{by}}}}}")
        for q in (0.5, 0.95, 0.99)
    ]


def board(uid: str, title: str) -> Any:
    """Make an empty dashboard with its data source and topic to choose."""
    made = dashboard.Dashboard(title).uid(uid).tags(["dataquarantine"]).refresh("10s")
    made.time("now-1h", "now").timezone("browser").tooltip(DashboardCursorSync.CROSSHAIR)
    made.with_variable(dashboard.DatasourceVariable("datasource").type("prometheus"))
    return made.with_variable(choice("topic", "dataquarantine_records_processed_total"))


def choice(label: str, metric: str) -> Any:
    """Make a variable of a label's values; all by default."""
    made = dashboard.QueryVariable(label).datasource(SOURCE)
    made.query(f"label_values({metric}, {label})").refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    return made.include_all(True).multi(True).all_value(".*")


def overview() -> Any:
    """The page for whoever is on call: records, latency, Kafka, stores, people's backlog."""
    where = 'topic=~"$topic"'
    valid = f"sum(rate(dataquarantine_records_valid_total{{{where}}}{RATE}))"
    processed = f"sum(rate(dataquarantine_records_processed_total{{{where}}}{RATE}))"
    bad_low = limits((None, "red"), (0.95, "orange"), (0.99, "green"))
    bad_high = limits((None, "green"), (5_000, "orange"), (10_000, "red"))
    made = board("dataquarantine-overview", "DataQuarantine: overview")
    panels: list[Any] = [
        dashboard.Row("Records"),
        number("Valid", "percentunit", f"{valid} / {processed}", bad_low),
        number("Judged", "reqps", processed, limits((None, "blue"))),
        number(
            "Open incidents",
            "short",
            'max(sum by (instance) (dataquarantine_incidents{state!~"resolved|archived"}))',
            limits((None, "green"), (1, "orange")),
        ),
        number(
            "Oldest undecided record",
            "s",
            "max(dataquarantine_oldest_open_record_seconds)",
            limits((None, "green"), (86_400, "red")),
        ),
        lines(
            "Validation rate",
            "reqps",
            (
                f"sum by (topic) (rate(dataquarantine_records_valid_total{{{where}}}{RATE}))",
                "valid {{topic}}",
            ),
            (
                f"sum by (topic) (rate(dataquarantine_records_invalid_total{{{where}}}{RATE}))",
                "invalid {{topic}}",
            ),
            (
                f"sum by (topic) (rate(dataquarantine_records_remediated_total{{{where}}}{RATE}))",
                "remediated {{topic}}",
            ),
            (
                f"sum by (topic) (rate(dataquarantine_tombstones_forwarded_total{{{where}}}{RATE}))",
                "tombstones {{topic}}",
            ),
        ),
        pie(
            "Errors",
            f"sum by (error_type) (increase(dataquarantine_records_invalid_total{{{where}}}[$__range]))",
            "{{error_type}}",
        ),
        dashboard.Row("Latency"),
        heat(
            "From record to acknowledged output",
            f"sum by (le) (increase(dataquarantine_end_to_end_seconds_bucket{{{where}}}{RATE}))",
        ),
        lines(
            "From record to acknowledged output",
            "s",
            *quantiles("dataquarantine_end_to_end_seconds", "topic", where),
        ),
        heat(
            "Judging one record",
            f"sum by (le) (increase(dataquarantine_validation_duration_seconds_bucket{RATE}))",
        ),
        lines(
            "Judging one record",
            "s",
            *quantiles("dataquarantine_validation_duration_seconds", "schema"),
        ),
        dashboard.Row("Kafka"),
        dial(
            "Lag",
            "short",
            20_000,
            bad_high,
            (f'sum(dataquarantine_kafka_lag{{{where}, state="flowing"}})', ""),
        ),
        dial(
            "Lag behind a closed gate",
            "short",
            20_000,
            limits((None, "blue")),
            (f'sum(dataquarantine_kafka_lag{{{where}, state="paused"}})', ""),
        ),
        lines(
            "Lag by partition",
            "short",
            (
                f"sum by (topic, partition, state) (dataquarantine_kafka_lag{{{where}}})",
                "{{topic}}/{{partition}} {{state}}",
            ),
        ),
        lines(
            "Commit age",
            "s",
            (
                f"max by (topic, partition) (dataquarantine_commit_age_seconds{{{where}}})",
                "{{topic}}/{{partition}}",
            ),
            help_text="Above 60 s with lag: the partition stalls.",
        ),
        lines(
            "Broker",
            "short",
            ("dataquarantine_kafka_up", "up {{instance}}"),
            (
                f"sum by (instance) (rate(dataquarantine_produce_retries_total{RATE}))",
                "retries a second {{instance}}",
            ),
        ),
        states("Breakers", ("max by (topic) (dataquarantine_breaker_state)", "{{topic}}")),
        lines(
            "Held closed",
            "percentunit",
            (
                f"sum by (topic, reason) (rate(dataquarantine_paused_seconds_total{{{where}}}{RATE}))",
                "{{topic}} {{reason}}",
            ),
        ),
        dashboard.Row("Stores"),
        dial(
            "Postgres pool",
            "percentunit",
            1,
            limits((None, "green"), (0.8, "red")),
            (
                "max(dataquarantine_postgres_pool_active_connections / dataquarantine_postgres_pool_max_connections)",
                "",
            ),
        ),
        number(
            "Spool",
            "bytes",
            "sum(dataquarantine_spool_bytes)",
            limits((None, "green"), (1, "orange")),
        ),
        lines(
            "Entries waiting in the spool",
            "short",
            ("dataquarantine_spool_records", "{{instance}}"),
        ),
        lines(
            "Failed calls",
            "reqps",
            (f"sum by (sink) (rate(dataquarantine_sink_errors_total{RATE}))", "{{sink}}"),
        ),
        lines("Incidents", "short", ("max by (state) (dataquarantine_incidents)", "{{state}}")),
    ]
    return filled(made, panels)


def schema() -> Any:
    """One schema close up."""
    made = board("dataquarantine-schema", "DataQuarantine: one schema")
    made.with_variable(choice("schema", "dataquarantine_records_processed_total"))
    where = 'topic=~"$topic", schema=~"$schema"'
    panels = [
        lines(
            "Judged",
            "reqps",
            (
                f"sum by (schema) (rate(dataquarantine_records_processed_total{{{where}}}{RATE}))",
                "{{schema}}",
            ),
        ),
        lines(
            "Share that is valid",
            "percentunit",
            (
                f"sum by (schema) (rate(dataquarantine_records_valid_total{{{where}}}{RATE})) / sum by (schema) (rate(dataquarantine_records_processed_total{{{where}}}{RATE}))",
                "{{schema}}",
            ),
        ),
        lines(
            "Violations by code",
            "reqps",
            (f"sum by (code) (rate(dataquarantine_violations_total{{{where}}}{RATE}))", "{{code}}"),
        ),
        pie(
            "Errors",
            f"sum by (error_type) (increase(dataquarantine_records_invalid_total{{{where}}}[$__range]))",
            "{{error_type}}",
        ),
        lines(
            "Forwarded only after repair",
            "reqps",
            (
                f"sum by (schema) (rate(dataquarantine_records_remediated_total{{{where}}}{RATE}))",
                "{{schema}}",
            ),
        ),
        lines(
            "Judging one record",
            "s",
            *quantiles("dataquarantine_validation_duration_seconds", "schema", 'schema=~"$schema"'),
        ),
        lines(
            "Shadow disagrees",
            "reqps",
            (
                f'sum by (schema, version) (rate(dataquarantine_shadow_disagreements_total{{schema=~"$schema"}}{RATE}))',
                "{{schema}}@{{version}}",
            ),
        ),
        lines(
            "Engines disagree",
            "reqps",
            (
                f'sum by (schema) (rate(dataquarantine_engine_disagreements_total{{schema=~"$schema"}}{RATE}))',
                "{{schema}}",
            ),
            help_text="Any at all: report it with the schema.",
        ),
    ]
    return filled(made, panels)


def heat(title: str, expression: str) -> Any:
    """Make a heatmap of a histogram's buckets."""
    panel = heatmap.Panel().title(title).unit("short").calculate(False).span(12).height(8)
    return queries(panel, (expression, "{{le}}"), fmt="heatmap")


def states(title: str, target: tuple[str, str]) -> Any:
    """Make a band for each breaker: 0 closed, 1 open, 2 half open."""
    panel = statetimeline.Panel().title(title).span(12).height(8)
    panel.thresholds(limits((None, "green"), (1, "red"), (2, "orange")))
    return queries(panel.description("0 closed, 1 open, 2 half open"), target)


def filled(made: Any, panels: list[Any]) -> Any:
    """Put panels into a dashboard, in their order."""
    for panel in panels:
        made.with_row(panel) if isinstance(panel, dashboard.Row) else made.with_panel(panel)
    return made


def pages() -> dict[Path, str]:
    """Make every dashboard's JSON."""
    made = {"overview.json": overview(), "schema.json": schema()}
    return {
        FOLDER / name: JSONEncoder(sort_keys=True, indent=1).encode(board.build()) + "\n"
        for name, board in made.items()
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
        print(f"wrote {path}")
