"""The tables. A column of `monitors` that has a name of `MonitorSettings` holds that setting.

The migrations make these tables; a test holds the two against each other on every database.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from mailtrip.model import (
    AlertMethod,
    BlackoutType,
    MailProtocol,
    Mechanism,
    Mode,
    MonitorType,
    PerformanceRule,
    RunKind,
    RunState,
    StatusCode,
    Step,
    TLSMode,
    Verdict,
)
from mailtrip.store.types import (
    CustomProperties,
    Duration,
    FindingsText,
    Id,
    IntegerList,
    Number,
    OperatingPeriods,
    Sessions,
    TextList,
    Timings,
    UTCDateTime,
    WeeklyWindows,
    Word,
)

__all__ = [
    "AWAITED",
    "FIRST_ID",
    "accounts",
    "blackouts",
    "idempotency_keys",
    "installation",
    "latest_runs",
    "locations",
    "metadata",
    "monitors",
    "recipient_group_monitors",
    "recipient_group_recipients",
    "recipient_groups",
    "recipients",
    "run_revisions",
    "run_strays",
    "run_transcripts",
    "runs",
    "sla_exclusions",
    "slas",
]

FIRST_ID = 100001
"""First id of users, monitors and runs (alertsite-v3.md, section 9: so that they look like ids)."""

AWAITED = "verdict IN ('missing', 'undecided', 'mailbox-unreachable')"
"""Runs whose message may still come. Written out, as an index with a condition only serves queries that show it."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("change_mark", BigInteger, nullable=False),
    Column("key_check", LargeBinary),
    Column("last_account_id", BigInteger, nullable=False, server_default="1", comment="numbers are given out once"),
    comment="one row, id 1: facts of the whole installation; change_mark grows with each change of a monitor",
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("name", String(255), nullable=False, unique=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("removed_at", UTCDateTime, comment="a removed account stays until its runs are gone"),
    Column("most_monitors", Integer),
    Column("most_users", Integer),
    Column("shortest_interval", Duration),
)

locations = Table(
    "locations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("is_private", Boolean, nullable=False, server_default=false(), comment="serves its account only"),
    UniqueConstraint("account_id", "name"),
)

monitors = Table(
    "monitors",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("type", Word(MonitorType), nullable=False),
    Column("name", String(255), nullable=False),
    Column("plan_code", String(64), nullable=False),
    Column("email", String(320), nullable=False),
    Column("smtp_server", String(300), nullable=False),
    Column("smtp_tls", Word(TLSMode), nullable=False),
    Column("smtp_username", String(255)),
    Column("smtp_mechanism", Word(Mechanism), nullable=False),
    Column("mailbox_protocol", Word(MailProtocol), nullable=False),
    Column("mailbox_server", String(300), nullable=False),
    Column("mailbox_tls", Word(TLSMode), nullable=False),
    Column("username", String(255)),
    Column("mailbox_mechanism", Word(Mechanism), nullable=False),
    Column("port", Integer),
    Column("address", String(45)),
    Column("sender", String(320)),
    Column("tls_verify", Boolean, nullable=False),
    Column("tls_ca", Text),
    Column("interval", Duration, nullable=False),
    Column("timeout", Duration),
    Column("warning_time", Duration),
    Column("enabled", Boolean, nullable=False),
    Column("notify_on_error", Boolean, nullable=False),
    Column("local_retry", Boolean, nullable=False),
    Column("location_ids", IntegerList, nullable=False),
    Column("home_location_id", BigInteger),
    Column("mode", Word(Mode), nullable=False),
    Column("locations_per_run", Integer),
    Column("rotate_locations", Boolean, nullable=False),
    Column("folders", TextList, nullable=False, server_default="[]"),
    Column("expect_spf", Boolean, nullable=False, server_default=false()),
    Column("expect_dkim", Boolean, nullable=False, server_default=false()),
    Column("expect_dmarc", Boolean, nullable=False, server_default=false()),
    Column("certificate_days", Integer, nullable=False, server_default="14"),
    Column("capabilities", TextList, nullable=False, server_default="[]"),
    Column("note", String(255)),
    Column("alert_note", String(1000)),
    Column("custom_properties", CustomProperties, nullable=False),
    Column("mailbox_secret", LargeBinary, comment="sealed password"),
    Column("smtp_secret", LargeBinary, comment="sealed password"),
    Column("created_at", UTCDateTime, nullable=False),
    Column("modified_at", UTCDateTime, nullable=False),
    Column("removed_at", UTCDateTime, comment="a removed monitor stays until its runs are gone, without its secrets"),
    Column("revision", Integer, nullable=False),
    Column("change_mark", BigInteger, nullable=False, index=True),
    # Holds all that a list has to know of monitors whose settings it has shown before.
    Index(
        "ix_monitors_listed",
        "account_id",
        "id",
        "type",
        "revision",
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("monitor_id", ForeignKey("monitors.id"), nullable=False),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("slot", UTCDateTime, nullable=False, index=True),
    Column("kind", Word(RunKind), nullable=False),
    Column("state", Word(RunState), nullable=False),
    Column("changed_at", UTCDateTime, nullable=False, comment="when the state was reached"),
    Column("started_at", UTCDateTime),
    Column("accepted_at", UTCDateTime),
    Column("recheck_of", BigInteger),
    Column("recheck_id", BigInteger),
    Column("verified", Boolean),
    Column("note", String(1000)),
    Column("verdict", Word(Verdict)),
    Column("status", Number(StatusCode)),
    Column("step", Word(Step)),
    Column("summary", String(1000)),
    Column("token", String(255)),
    Column("message_id", String(1000)),
    Column("queued_as", String(1000)),
    Column("duration", Duration),
    Column("timings", Timings),
    Column("seen_not_before", Duration),
    Column("seen_not_after", Duration),
    Column("delay", Duration),
    Column("deferred_for", Duration),
    Column("copies", Integer),
    Column("left_behind", Integer),
    Column("lag", Duration),
    Column("sessions", Sessions),
    Column("findings", FindingsText),
    Column("blackout_id", BigInteger),
    # A run happens once. The order of the columns also serves a monitor's runs by slot.
    UniqueConstraint("monitor_id", "slot", "location_id", "kind"),
    Index(
        "ix_runs_running",
        "monitor_id",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index("ix_runs_token", "token", unique=True),
    Index("ix_runs_awaited", "slot", sqlite_where=text(AWAITED), postgresql_where=text(AWAITED)),
    sqlite_autoincrement=True,
)

run_transcripts = Table(
    "run_transcripts",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("is_good", Boolean, nullable=False),
    Column("slot", UTCDateTime, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="compressed JSON of all sessions"),
    Index(None, "is_good", "slot"),
)

run_revisions = Table(
    "run_revisions",
    metadata,
    Column("id", Id, Identity(start=1), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", UTCDateTime, nullable=False),
    Column("verdict", Word(Verdict), nullable=False),
    Column("status", Number(StatusCode), nullable=False),
    Column("summary", String(1000), nullable=False),
    comment="verdicts that are no longer in force, and since when they had been",
)

run_strays = Table(
    "run_strays",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True, comment="SHA-256 of folder and key"),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("seen_at", UTCDateTime, nullable=False),
    comment="messages that were found after their run had ended: seen again, they are no further copies",
)

latest_runs = Table(
    "latest_runs",
    metadata,
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True),
    Column("location_id", ForeignKey("locations.id"), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("slot", UTCDateTime, nullable=False),
    Column("verdict", Word(Verdict), nullable=False),
    Column("status", Number(StatusCode), nullable=False),
    comment="the newest finished run of each monitor at each location",
)

recipients = Table(
    "recipients",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(255)),
    Column("method", Number(AlertMethod), nullable=False),
    Column("address", String(2000), nullable=False),
    Column("username", String(255)),
    Column("secret", LargeBinary, comment="sealed password"),
    Column("availability_alert", Boolean, nullable=False),
    Column("performance_alert", Boolean, nullable=False),
    Column("performance_alert_type", Integer, nullable=False),
    Column("repeat_performance_alerts", Boolean, nullable=False),
    Column("performance_rule", Word(PerformanceRule), nullable=False, server_default=PerformanceRule.WARNING_TIME),
    Column("performance_percentile", Integer, nullable=False, server_default="95"),
    Column("performance_window", Integer, nullable=False, server_default="12"),
    Column("notify_on_clear", Boolean, nullable=False),
    Column("start_threshold", Integer, nullable=False),
    Column("stop_threshold", Integer, nullable=False),
    Column("error_window", Integer),
    Column("subject_template", Text),
    Column("text_template", Text),
    Column("quiet_hours", WeeklyWindows, nullable=False, server_default="[]"),
    Column("time_zone", String(64), nullable=False, server_default="UTC"),
    Column("daily_limit", Integer),
    Column("attach_screen_capture", Boolean, nullable=False),
    Column("attach_server_response", Boolean, nullable=False),
    Column("remote_commands", Boolean, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("modified_at", UTCDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    sqlite_autoincrement=True,
)

recipient_groups = Table(
    "recipient_groups",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(128), nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("status_codes", IntegerList, nullable=False),
    Column("is_urgent", Boolean, nullable=False, server_default=false()),
    Column("created_at", UTCDateTime, nullable=False),
    Column("modified_at", UTCDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    sqlite_autoincrement=True,
)

recipient_group_monitors = Table(
    "recipient_group_monitors",
    metadata,
    Column("group_id", ForeignKey("recipient_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
)

recipient_group_recipients = Table(
    "recipient_group_recipients",
    metadata,
    Column("group_id", ForeignKey("recipient_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("recipient_id", ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
)

slas = Table(
    "slas",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("monitor_id", ForeignKey("monitors.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("description", String(1000), nullable=False),
    Column("availability_percent", Double, nullable=False),
    Column("response_time", Duration, nullable=False),
    Column("secondary_response_time", Duration, nullable=False),
    Column("uptime_percent", Double),
    Column("operating_periods", OperatingPeriods, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("modified_at", UTCDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    sqlite_autoincrement=True,
)

sla_exclusions = Table(
    "sla_exclusions",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("sla_id", ForeignKey("slas.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("begins_at", UTCDateTime, nullable=False),
    Column("ends_at", UTCDateTime, nullable=False),
    Column("location_id", ForeignKey("locations.id"), comment="NULL for all locations"),
    Column("note", String(255)),
    sqlite_autoincrement=True,
)

blackouts = Table(
    "blackouts",
    metadata,
    Column("id", Id, Identity(start=FIRST_ID), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("type", Word(BlackoutType), nullable=False),
    Column("subject_id", Id, nullable=False, index=True, comment="a monitor, or a recipient for type Notifier"),
    Column("begins_at", UTCDateTime),
    Column("ends_at", UTCDateTime),
    Column("week_start", Duration, comment="since Sunday 00:00 UTC; there for weekly ones only"),
    Column("week_end", Duration),
    Column("note", String(255)),
    Column("created_by", String(320)),
    Column("created_at", UTCDateTime, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    sqlite_autoincrement=True,
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True, comment="keyed digest of the key and its owner"),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("request", LargeBinary(32), nullable=False, comment="keyed digest of method, path and body"),
    Column("answer", Text, nullable=False),
    Column("created_at", UTCDateTime, nullable=False, index=True),
)
