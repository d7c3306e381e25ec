"""Configuration of Postfix and Dovecot for the tests: text only, nothing is started here.

Postfix takes mail for probe.test only, asks Dovecot about passwords, and hands the mail over to Dovecot by LMTP.
Everything lives below one folder and on loopback. No throttle and no delay is left that would slow a test.
"""

from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "DOMAIN",
    "MECHANISMS",
    "PASSWORD",
    "PORT_NAMES",
    "USERS",
    "dovecot_conf",
    "main_cf",
    "master_cf",
    "passwd_file",
]

DOMAIN = "probe.test"
PASSWORD = "secret"
USERS = tuple(f"u{number:04}@{DOMAIN}" for number in range(1, 1000))
MECHANISMS = ("plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256", "apop")
PORT_NAMES = ("smtp", "smtp-without-tls", "submission", "submissions", "pop3", "pop3s", "imap", "imaps")


def passwd_file() -> str:
    """Dovecot's list of users: one password for all, in clear, as CRAM-MD5, APOP and both SCRAMs need it."""
    return "".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in USERS)


def dovecot_conf(folder: Path, ports: Mapping[str, int]) -> str:
    """For Dovecot 2.3."""
    return f"""\
base_dir = {folder}/run/dovecot
state_dir = {folder}/run/dovecot-state
log_path = {folder}/log/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/tls/server.pem
ssl_key = <{folder}/tls/server.key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = {" ".join(MECHANISMS)}
auth_failure_delay = 0 secs
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/dovecot/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/home/%n
}}
mail_location = sdbox:~/mail
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
}}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
mail_max_userip_connections = 1000
service auth {{
  unix_listener {folder}/run/sasl {{
    mode = 0666
  }}
}}
service lmtp {{
  process_min_avail = 1
  unix_listener {folder}/run/lmtp {{
    mode = 0666
  }}
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {ports["imap"]}
  }}
  inet_listener imaps {{
    port = {ports["imaps"]}
    ssl = yes
  }}
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener pop3 {{
    port = {ports["pop3"]}
  }}
  inet_listener pop3s {{
    port = {ports["pop3s"]}
    ssl = yes
  }}
}}
service imap {{
  process_min_avail = 1
  service_count = 0
  client_limit = 100
}}
service pop3 {{
  process_min_avail = 1
  service_count = 0
  client_limit = 100
}}
protocol lmtp {{
  postmaster_address = postmaster@{DOMAIN}
}}
"""


def main_cf(folder: Path, *, daemon_directory: str) -> str:
    return f"""\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemon_directory}
maillog_file = {folder}/log/postfix.log
maillog_file_prefixes = {folder}
myhostname = mail.{DOMAIN}
mydomain = {DOMAIN}
myorigin = {DOMAIN}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
recipient_delimiter = +
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = regexp:{folder}/postfix/users.re
virtual_transport = lmtp:unix:{folder}/run/lmtp
smtpd_banner = $myhostname ESMTP
smtpd_helo_required = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/run/sasl
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/tls/server.pem
smtpd_tls_key_file = {folder}/tls/server.key
smtpd_tls_session_cache_database =
tls_random_source = dev:/dev/urandom
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
in_flow_delay = 0
lmtp_destination_recipient_limit = 1
message_size_limit = 10240000
"""


def master_cf(ports: Mapping[str, int]) -> str:
    smtp_ports = "\n".join(
        f"127.0.0.1:{ports[name]} inet n - n - - smtpd {options}"
        for name, options in (
            ("smtp", ""),
            ("smtp-without-tls", "-o smtpd_tls_security_level=none"),
            ("submission", "-o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes"),
            ("submissions", "-o smtpd_tls_wrappermode=yes"),
        )
    )
    return f"""\
{smtp_ports}
pickup     unix n - n 60    1 pickup
cleanup    unix n - n -     0 cleanup
qmgr       unix n - n 300   1 qmgr
tlsmgr     unix - - n 1000? 1 tlsmgr
rewrite    unix - - n -     - trivial-rewrite
bounce     unix - - n -     0 discard
defer      unix - - n -     0 bounce
trace      unix - - n -     0 bounce
verify     unix - - n -     1 verify
flush      unix n - n 1000? 0 flush
proxymap   unix - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp       unix - - n -     - smtp
relay      unix - - n -     - smtp
showq      unix n - n -     - showq
error      unix - - n -     - error
retry      unix - - n -     - error
discard    unix - - n -     - discard
lmtp       unix - - n -     - lmtp
anvil      unix - - n -     1 anvil
scache     unix - - n -     1 scache
postlog    unix-dgram n - n - 1 postlogd
"""
