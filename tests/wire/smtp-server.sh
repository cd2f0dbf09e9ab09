#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Mail through a packaged SMTP server (aiosmtpd, its own implementation of RFC 5321) into a maildir, in clear on loopback and over TLS
# from the first byte; what lies there is read back by Python's mail parser.
set -u
send=$1
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
. "$SOURCE_ROOT/tests/cli/tap.sh"
if ! command -v aiosmtpd >/dev/null; then
    echo "1..0 # SKIP python3-aiosmtpd is not installed"
    exit 0
fi

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
serve() { # options
    aiosmtpd -n -l "127.0.0.1:$port" -c aiosmtpd.handlers.Mailbox "$@" "$dir/box" >"$dir/log" 2>&1 &
    server=$!
    for _ in $(seq 200); do
        python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()' "$port" 2>/dev/null && return 0
        sleep 0.1
    done
    return 1
}
end() { kill "$server"; wait "$server" 2>/dev/null; server=; }
read_back() {
    python3 - "$dir/box" >"$dir/mails" <<'PYTHON'
import email.policy, mailbox, sys
for mail in sorted(mailbox.Maildir(sys.argv[1], lambda f: email.message_from_binary_file(f, policy=email.policy.default)), key=lambda m: m["Message-ID"]):
    print("|".join([mail["From"], mail["To"], mail["Subject"], mail["Message-ID"], mail["Auto-Submitted"], mail.get_content().replace("\r\n", "\n").rstrip("\n").replace("\n", "/")]))
PYTHON
}
all_there() {
    read_back
    has "$1: the English mail, whole" "$dir/mails" '^<?castellan@hq.example>?\|<?post@hq.example>?\|Something is due on your desk\|<1.1@castellan>\|auto-generated\|Due: 2026-11-23\./\.a dot first$'
    has "$1: the French one, whole" "$dir/mails" '\|Échéance dépassée : quelque chose attend sur votre bureau, à Évere\|<1.2@castellan>\|auto-generated\|Échéance = hier $'
}

ok "the server listens" serve
ok "two mails are sent" "$send" "smtp://127.0.0.1:$port"
all_there "in clear on loopback"
end
not_ok "a server that is gone" "$send" "smtp://127.0.0.1:$port"

rm -rf "$dir/box"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$dir/key" -out "$dir/certificate" 2>/dev/null
ok "the server listens over TLS" serve --smtpscert "$dir/certificate" --smtpskey "$dir/key"
not_ok "a certificate of nobody that is trusted" "$send" "smtps://127.0.0.1:$port" /etc/ssl/certs/ca-certificates.crt
ok "two mails are sent over TLS" "$send" "smtps://127.0.0.1:$port" "$dir/certificate"
all_there "over TLS"
done_testing
