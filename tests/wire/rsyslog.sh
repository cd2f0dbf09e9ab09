#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's rsyslog as sender: omrelp in clear and over TLS with a certificate, omfwd over TLS (counted frames). What it has sent arrives,
# in order, once; and what a listener that was killed had not answered comes again to the next one.
# usage: rsyslog.sh SINK
sink=$(realpath "$1")                    # the script goes elsewhere
n=0
failed=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/castellan-rsyslog.XXXXXX") || exit 1
stop() { [ -n "$rsyslog" ] && kill "$rsyslog" 2>/dev/null && wait "$rsyslog" 2>/dev/null; rsyslog=; }
trap 'stop; rm -rf "$dir"' EXIT
check() {
    n=$((n + 1))
    if [ "$1" = "$2" ]; then
        echo "ok $n - $3"
    else
        echo "not ok $n - $3"
        echo "#   got $1, want $2"
        failed=1
    fi
}
modules=$(ls -d /usr/lib/*/rsyslog 2>/dev/null | head -n 1)
if ! command -v rsyslogd >/dev/null || [ ! -e "$modules/omrelp.so" ] || [ ! -e "$modules/lmnsd_gtls.so" ]; then
    echo "1..0 # SKIP Debian's rsyslog, rsyslog-relp and rsyslog-gnutls are not installed"
    exit 0
fi
cd "$dir" || exit 1
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Test authority" -keyout ca.key -out ca.pem
    for name in localhost sender; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout $name.key -out $name.csr
        printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth,clientAuth\n' $name >ext
        openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $name.pem
    done
} >openssl.log 2>&1
count=5000
i=0
while [ $i -lt $count ]; do
    echo "number=$i and what follows it"
    i=$((i + 1))
done >input.log

# One sender's life: send ACTION
send() {
    rm -rf work
    mkdir work
    cat >rsyslog.conf <<END
global(workDirectory="$dir/work" maxMessageSize="8k" $2)
module(load="imfile" mode="polling" pollingInterval="1")
module(load="omrelp")
input(type="imfile" file="$dir/input.log" tag="test:")
template(name="plain" type="string" string="%msg%")
action(template="plain" action.resumeRetryCount="-1" action.resumeInterval="1" $1)
END
    rsyslogd -n -f rsyslog.conf -i "$dir/pid" >rsyslog.out 2>&1 &
    rsyslog=$!
}
# The port that a sink in the background has opened: port FILE
port() {
    for wait in 1 2 3 4 5 6 7 8 9 10; do
        [ -s "$1" ] && break
        sleep 0.1
    done
    head -n 1 "$1"
}
numbers() { sed -n 's/.*number=\([0-9]*\) .*/\1/p' "$@"; }
expect() { seq 0 $((count - 1)); }

"$sink" relp 0 $count >got 2>where &
pid=$!
send "type=\"omrelp\" target=\"127.0.0.1\" port=\"$(port where)\""
wait $pid
check $? 0 "omrelp: all came"
stop
check "$(numbers got | cmp - "$(expect >want; echo want)" && echo same)" same "in order, once"

: >where
"$sink" relps 0 $count localhost.pem localhost.key ca.pem >got 2>where &
pid=$!
send "type=\"omrelp\" target=\"127.0.0.1\" port=\"$(port where)\" tls=\"on\" tls.caCert=\"$dir/ca.pem\" tls.myCert=\"$dir/sender.pem\" tls.myPrivKey=\"$dir/sender.key\" tls.authMode=\"name\" tls.permittedPeer=[\"localhost\"]"
wait $pid
check $? 0 "omrelp over TLS: all came"
stop
check "$(numbers got | cmp - want && echo same)" same "in order, once"
check "$(cut -d ' ' -f 1 got | sort -u)" "CN=sender" "from whom the certificate names"

: >where
"$sink" tls 0 $count localhost.pem localhost.key ca.pem >got 2>where &
pid=$!
send "type=\"omfwd\" target=\"127.0.0.1\" protocol=\"tcp\" port=\"$(port where)\" TCP_Framing=\"octet-counted\" StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" StreamDriverPermittedPeers=\"localhost\"" \
    "defaultNetstreamDriverCAFile=\"$dir/ca.pem\" defaultNetstreamDriverCertFile=\"$dir/sender.pem\" defaultNetstreamDriverKeyFile=\"$dir/sender.key\""
wait $pid
check $? 0 "omfwd over TLS: all came"
stop
check "$(numbers got | cmp - want && echo same)" same "in order, once"

: >where
"$sink" relp 0 1000 >got1 2>where &          # ends in the middle
pid=$!
at=$(port where)
send "type=\"omrelp\" target=\"127.0.0.1\" port=\"$at\""
wait $pid
"$sink" relp "$at" $count >got2 2>where2 &
pid=$!
for wait in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(numbers got1 got2 | sort -n -u | wc -l)" = $count ] && break
    sleep 1
done
kill $pid 2>/dev/null
wait $pid 2>/dev/null
stop
check "$(numbers got1 got2 | sort -n -u | cmp - want && echo same)" same "a listener that went away: nothing is lost, what was not answered came again"
echo "1..$n"
exit $failed
