"""Configuration of the Postfix and Dovecot that have every fault: the recipient's domain or the port chooses which."""

from collections.abc import Mapping
from pathlib import Path

from tests.mailserver import configuration, milter
from tests.mailserver.configuration import DOMAIN

__all__ = ["DOMAINS", "PASSWORD", "PORT_NAMES", "dovecot_conf", "main_cf", "maps", "master_cf", "passwd_file"]

PASSWORD = "tr0ub4dor and three"

# Ports of Postfix whose every session has the fault. A setting with blanks stands in braces, doubled here.
_SMTP_PORTS = {
    "smtp-greets-554": "-o smtpd_delay_reject=no -o smtpd_client_restrictions=reject",
    "smtp-greets-421": "-o smtpd_delay_reject=no "
    "-o {{ smtpd_client_restrictions = check_client_access static:{{421 4.3.2 too many connections}} }}",
    "smtp-refuses-helo": "-o smtpd_delay_reject=no "
    "-o {{ smtpd_helo_restrictions = check_helo_access static:{{550 5.7.1 go away}} }}",
    "smtp-refuses-sender": "-o smtpd_delay_reject=no "
    "-o {{ smtpd_sender_restrictions = check_sender_access static:{{550 5.7.1 not you}} }}",
    "smtp-defers-sender": "-o smtpd_delay_reject=no "
    "-o {{ smtpd_sender_restrictions = check_sender_access static:{{450 4.1.8 not now}} }}",
    "smtp-refuses-data": "-o {{ smtpd_data_restrictions = check_client_access static:{{554 5.7.1 no data}} }}",
    "smtp-disk-full": "-o queue_minfree=1000000000000000",
    "smtp-small": "-o message_size_limit=500",
    "smtp-no-login": "-o smtpd_sasl_auth_enable=no",
    "smtp-one-line": "-o smtpd_discard_ehlo_keywords=pipelining,enhancedstatuscodes,size,dsn,chunking",
    "submissions-expired": "-o smtpd_tls_wrappermode=yes {expired}",
    "submissions-misnamed": "-o smtpd_tls_wrappermode=yes {misnamed}",
    "submission-expired": "-o smtpd_tls_security_level=encrypt {expired}",
}
PORT_NAMES = (*configuration.PORT_NAMES, *_SMTP_PORTS)

# What Postfix does by the first label of a recipient's domain, in its own tables.
_HEADER_CHECKS = {
    "rejected": "REJECT no test messages here",
    "dropped": "DISCARD",
    "held": "HOLD",
    "redirected": f"REDIRECT elsewhere@{DOMAIN}",
}
_RECIPIENT_ACCESS = {
    "unknown": "550 5.1.1 no such user",
    "full": "552 5.2.2 mailbox full",
    "full-today": "452 4.2.2 mailbox full",
    "busy": "450 4.2.1 mailbox busy",
    "disconnects": "421 4.7.0 too many recipients",
    "greylisted": "greylist",
    "dropped-at-once": "DISCARD",
    "held-at-once": "HOLD",
}
_SENDER_ACCESS = {"sender-refused": "550 5.7.1 sender refused"}
_TRANSPORTS = {
    "discarded": "discard:",
    "returned-there": "error:5.1.1 no such mailbox",
    "returned-full-there": "error:5.2.2 mailbox full",
    "stuck-there": "retry:4.3.0 the next hop is down",
    "unreachable": "smtp:[127.0.0.1]:1",
}
_ALIASES = {
    # Postfix refuses recipients whose transport is an error; behind an alias it finds out later.
    "returned": f"$1@returned-there.{DOMAIN}",
    "returned-full": f"$1@returned-full-there.{DOMAIN}",
    "stuck": f"$1@stuck-there.{DOMAIN}",
    "twice": rf"$1@one.{DOMAIN} $1@two.{DOMAIN}",
    "thrice": rf"$1@one.{DOMAIN} $1@two.{DOMAIN} $1@three.{DOMAIN}",
    "junk": f"$1+Junk@{DOMAIN}",
    "forwarded-away": f"elsewhere@{DOMAIN}",
    "nobody": f"nobody@{DOMAIN}",
}
_POP3 = """\
service pop3 {
  process_min_avail = 1
  service_count = 0
  client_limit = 100
"""
DOMAINS = (
    *milter.DOMAINS, *_HEADER_CHECKS, *_RECIPIENT_ACCESS, *_SENDER_ACCESS, *_TRANSPORTS, *_ALIASES,
    "one", "two", "three",
)  # fmt: skip
"""First labels of the domains that this Postfix takes mail for, besides `probe.test` itself, which is faultless."""


def passwd_file(users: Mapping[str, str]) -> str:
    """Dovecot's list of users with their extra fields, which set its plug-ins for one user alone."""
    return "".join(f"{user}:{{PLAIN}}{PASSWORD}::::::{fields}\n" for user, fields in users.items())


def maps(folder: Path) -> dict[str, str]:
    """All tables of Postfix, by path."""

    def table(name: str, rules: Mapping[str, str], pattern: str) -> tuple[str, str]:
        return f"postfix/{name}.re", "".join(f"{pattern % label} {action}\n" for label, action in rules.items())

    at_domain = rf"/^(.*)@%s\.{DOMAIN.replace('.', '[.]')}$/"
    to_domain = rf"/^To:.*@%s\.{DOMAIN.replace('.', '[.]')}/"
    return dict(
        [
            table("header_checks", _HEADER_CHECKS, to_domain),
            table("recipient_access", _RECIPIENT_ACCESS, at_domain),
            table("sender_access", _SENDER_ACCESS, at_domain),
            table("transport", _TRANSPORTS, at_domain),
            table("aliases", _ALIASES, at_domain),
            ("postfix/users.re", "/./ ok\n"),
        ]
    )


def main_cf(folder: Path, *, daemon_directory: str, milter_port: int, greylist_port: int) -> str:
    domains = ", ".join([DOMAIN, *(f"{label}.{DOMAIN}" for label in DOMAINS)])
    changed = f"""\
virtual_mailbox_domains = {domains}
virtual_alias_maps = regexp:{folder}/postfix/aliases.re
transport_maps = regexp:{folder}/postfix/transport.re
header_checks = regexp:{folder}/postfix/header_checks.re
smtpd_restriction_classes = greylist
greylist = check_policy_service inet:127.0.0.1:{greylist_port}
smtpd_recipient_restrictions = check_sender_access regexp:{folder}/postfix/sender_access.re,
  check_recipient_access regexp:{folder}/postfix/recipient_access.re
smtpd_milters = inet:127.0.0.1:{milter_port}
milter_default_action = tempfail
milter_content_timeout = 20s
bounce_queue_lifetime = 1h
minimal_backoff_time = 1s
queue_run_delay = 1s
"""
    # Postfix warns of a parameter that is there twice: what is changed here is left out above.
    names = {line.partition(" ")[0] for line in changed.splitlines() if not line.startswith(" ")}
    base = configuration.main_cf(folder, daemon_directory=daemon_directory)
    kept = [line for line in base.splitlines(keepends=True) if line.partition(" ")[0] not in names]
    return "".join(kept) + changed


def master_cf(folder: Path, ports: Mapping[str, int]) -> str:
    certificates = {
        kind: f"-o smtpd_tls_cert_file={folder}/tls/{kind}.pem -o smtpd_tls_key_file={folder}/tls/{kind}.key"
        for kind in ("expired", "misnamed")
    }
    services = "".join(
        f"127.0.0.1:{ports[name]} inet n - n - - smtpd {options.format_map(certificates)}\n"
        for name, options in _SMTP_PORTS.items()
    )
    base = configuration.master_cf(ports).replace("0 discard\n", "0 bounce\n", 1)
    return services + base


def dovecot_conf(folder: Path, ports: Mapping[str, int]) -> str:
    base = configuration.dovecot_conf(folder, ports)
    static = base[base.index("userdb {") : base.index("mail_location")]
    users = f"{folder}/dovecot/users"
    replaced = f"""\
userdb {{
  driver = passwd-file
  args = username_format=%n@{DOMAIN} {users}
  default_fields = uid=mail gid=mail home={folder}/home/%n
}}
# Quotas are counted and told for everybody, and limited only where a user's fields say so.
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = count:User
  quota_vsizes = yes
}}
service anvil {{
  # Each refused login makes the next answer later: no test should wait for the tests before it.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
local 127.0.0.2 {{
  ssl_cert = <{folder}/tls/misnamed.pem
  ssl_key = <{folder}/tls/misnamed.key
}}
local 127.0.0.3 {{
  ssl_cert = <{folder}/tls/expired.pem
  ssl_key = <{folder}/tls/expired.key
}}
"""
    return (
        base.replace(static, replaced)
        .replace("listen = 127.0.0.1\n", "listen = 127.0.0.1, 127.0.0.2, 127.0.0.3\n")
        .replace("username_format=%u", f"username_format=%n@{DOMAIN}")
        # As by default: two sessions in one process don't keep each other out for long (pop3_lock_session).
        .replace(_POP3, _POP3.replace("client_limit = 100", "client_limit = 1"))
    )
