"""When somebody must be told: the rules of Prometheus, each with the page that says what to do."""

from dataclasses import dataclass
from typing import Any

from stack.boards.model import NONE_YET


@dataclass(frozen=True, slots=True)
class Alert:
    """Fires for each series of `measured` that has been over the bound for as long as `lasts`.

    `measured` gives a figure whenever the house runs, so that one can see how far it is from
    `bound`, a comparison such as `> 5`. `run_book` is a page of docs/ with one of its headings, as
    GitHub names it.
    """

    name: str
    measured: str
    bound: str
    lasts: str
    severity: str
    summary: str
    run_book: str

    @property
    def expression(self) -> str:
        """What Prometheus evaluates: nothing when all is well."""
        return f"{self.measured} {self.bound}"

    def rule(self) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expression,
            "for": self.lasts,
            "labels": {"severity": self.severity},
            "annotations": {"summary": self.summary, "runbook": f"docs/{self.run_book}"},
        }


PAGE, TICKET = "page", "ticket"  # act now, at any hour; or on the next working day

ALERTS: tuple[Alert, ...] = (
    Alert(
        "HouseNotScraped",
        'up{job="auction"}',
        "== 0",
        "30s",
        PAGE,
        "The metrics of {{ $labels.instance }} cannot be read.",
        "overload.md#how-a-gateway-knows",
    ),
    Alert(
        "BidsWaitTooLong",
        'max(backlog_age_seconds{topic="auction-bid"})',
        "> 5",
        "30s",
        PAGE,
        "A bid has waited {{ $value | humanizeDuration }} to be decided: scale the pool bids.",
        "overload.md#when-load-exceeds-capacity",
    ),
    Alert(
        "BidsRefused",
        'sum by (cause) (rate(gateway_refused_records_total{topic="auction-bid"}[5m]))',
        "> 0",
        "1m",
        PAGE,
        "Gateways refuse bids: {{ $labels.cause }}.",
        "overload.md#when-load-exceeds-capacity",
    ),
    Alert(
        "BidsOfUnknownFate",
        "sum(rate(ws_unknown_bids_total[5m]))",
        "> 0",
        "1m",
        PAGE,
        "Kafka does not acknowledge bids in time.",
        "overload.md#how-a-gateway-knows",
    ),
    Alert(
        "ConsumerBehind",
        "max by (group, topic) (group_lag_seconds)",
        "> 30",
        "1m",
        PAGE,
        "Group {{ $labels.group }} is {{ $value | humanizeDuration }} behind on"
        " {{ $labels.topic }}.",
        "overload.md#when-load-exceeds-capacity",
    ),
    Alert(
        "OutboxStuck",
        "max(relay_unsent_age_seconds)",
        "> 5",
        "30s",
        PAGE,
        "Decided bids have not reached Kafka for {{ $value | humanizeDuration }}.",
        "overload.md#when-load-exceeds-capacity",
    ),
    Alert(
        "AuctionsCloseLate",
        "histogram_quantile(0.99, sum by (le) (rate(auction_close_seconds_bucket[15m])))",
        "> 5",
        "5m",
        TICKET,
        "Auctions close {{ $value | humanizeDuration }} after their end.",
        "overload.md#when-load-exceeds-capacity",
    ),
    Alert(
        "RecordsGivenUp",
        "sum by (topic, reason) (increase(lane_dead_records_total[10m]))",
        "> 0",
        "0s",
        PAGE,
        "Records of {{ $labels.topic }} became dead letters: {{ $labels.reason }}.",
        "operations.md#dead-letters",
    ),
    Alert(
        "LanesParked",
        "sum by (topic) (lane_parked_now_lanes)",
        "> 0",
        "0s",
        PAGE,
        "{{ $value }} lanes of {{ $labels.topic }} wait for a person.",
        "operations.md#parked-lanes-and-partitions",
    ),
    Alert(
        "PipelineFails",
        "sum by (pipeline) (increase(pipeline_failures_total[5m]))",
        "> 3",
        "1m",
        PAGE,
        "{{ $labels.pipeline }} fails and is begun again.",
        "operations.md#ingest-refuses-to-continue",
    ),
    Alert(
        "PipelineStuck",
        "time() - min by (pipeline) (pipeline_step_ended_seconds)",
        "> 60",
        "0s",
        PAGE,
        "{{ $labels.pipeline }} has ended no step for {{ $value | humanizeDuration }}.",
        "operations.md#a-pipeline-is-stuck",
    ),
    Alert(
        "OldTransaction",
        "max by (holder) (postgres_oldest_transaction_seconds)",
        "> 300",
        "1m",
        TICKET,
        "A transaction is {{ $value | humanizeDuration }} old: {{ $labels.holder }}.",
        "operations.md#what-keeps-old-rows",
    ),
    Alert(
        "PostgresConnectionsRunOut",
        "sum(postgres_open_connections) / max(postgres_allowed_connections)",
        "> 0.9",
        "1m",
        PAGE,
        "PostgreSQL has few connections left.",
        "overload.md#what-these-limits-do-not-bound",
    ),
    Alert(
        "HttpErrors",
        f'(sum(rate(http_request_total{{status=~"5.."}}[5m])){NONE_YET})'
        " / sum(rate(http_request_total[5m]))",
        "> 0.01",
        "2m",
        PAGE,
        "More than one request in a hundred fails by our fault.",
        "overload.md#how-a-gateway-knows",
    ),
    Alert(
        "GatewayLoopLate",
        "histogram_quantile(0.99, sum by (le) (rate(gateway_loop_delay_seconds_bucket[5m])))",
        "> 0.25",
        "2m",
        TICKET,
        "A gateway's loop is {{ $value | humanizeDuration }} late: add a gateway process.",
        "overload.md#when-load-exceeds-capacity",
    ),
    Alert(
        "ProcessKeepsDying",
        "sum by (process) (changes(process_unexpected_restarts[10m]))",
        "> 2",
        "0s",
        PAGE,
        "{{ $labels.process }} dies again and again.",
        "operations.md#ingest-refuses-to-continue",
    ),
)
