#!/bin/sh
# install-test-packages.sh: the Debian packages that some tests need (real mail servers, curl, nginx, a browser), where root and apt are there.
# Elsewhere it does nothing: those tests are then skipped and say how to get what they need. No service is started or set up.
set -eu
packages="chromium curl openssl nginx postfix dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd snmptrapd"

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

list_missing() {
  for package in $packages; do
    is_installed "$package" || printf '%s ' "$package"
  done
}

# Told no by policy-rc.d, a package's installation starts no daemon.
forbid_daemons() {
  policy=/usr/sbin/policy-rc.d
  [ ! -e "$policy" ] || return 0
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || exit 0
missing=$(list_missing)
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "Tests on real mail servers and in a browser are skipped; to run them too: sudo apt-get install $missing"
  exit 0
fi
echo "Installing for the tests: $missing"
forbid_daemons
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
# shellcheck disable=SC2086  # a list of names
apt-get install -y -qq --no-install-recommends $missing >/dev/null
