#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The figures over HTTP: pages against nginx (alternating, three times each), changes from 64 writers against bare SQLite,
# 1,000 live-update clients, stopping under load; then start time and resident size with the demonstration office, size of
# the program and of the UI. Uses BUILD_ROOT and CASTELLAN as tools/bench sets them.
set -eu
cd "$(dirname "$0")"
bin=$BUILD_ROOT/bench
seconds=${BENCH_SECONDS:-2}
work=$(mktemp -d "${TMPDIR:-/tmp}/castellan-bench-http-XXXXXX")
server='' nginx=''
end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$nginx" ] || kill "$nginx" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
trap 'exit 1' INT TERM

# figure NAME GOAL UNIT REMARK VALUE...: least, median, most.
figure() {
    name=$1 goal=$2 unit=$3 remark=$4
    shift 4
    printf '%s\n' "$@" | sort -g | awk -v n="$name" -v g="$goal" -v u="$unit" -v r="$remark" '{ v[NR] = $1 }
        END { printf "@\t%s\t%s\t%.3g%s\t%.3g%s\t%.3g%s\t%s\n", n, g, v[1], u, v[int((NR + 1) / 2)], u, v[NR], u, r }'
}
over() { awk -v a="$1" -v b="$2" 'BEGIN { print (b > 0 ? a / b : 0) }'; }
value() { printf '%s\n' "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"; }
rate() { MODE=$1 wrk -t2 -c64 -d"${seconds}s" -s pages.lua "$2" >"$work/wrk" 2>"$work/wrk.err"
    if grep -q Non-2xx "$work/wrk"; then cat "$work/wrk" >&2; exit 1; fi
    awk '/Requests\/sec/ { print $2 }' "$work/wrk"; }
memory() { awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$1/status"; }
wait_for() { i=0; until grep -q "$1" "$2" 2>/dev/null; do i=$((i + 1)); [ $i -lt 3000 ] || { cat "$2" >&2; exit 1; }; sleep 0.1; done; }

# ---- an office with 1,000 open sessions, and nginx with one worker a core ----
"$bin/bench-serve" "$work/office" "${BENCH_RECORDS:-4000}" >"$work/out" 2>"$work/err" &
server=$!
wait_for '^port' "$work/out"
cat "$work/err"
port=$(sed -n 's/^port //p' "$work/out")
LOAD=$work/office.load
export LOAD
mkdir "$work/www"
curl -s -A '' -b "$(head -n 1 "$LOAD/sessions" | cut -d ' ' -f 1)" "http://127.0.0.1:$port/bench" >"$work/page"
head -c "$(wc -c <"$work/page")" /dev/zero | tr '\0' x >"$work/www/bench"
start_nginx() {
    nginx_port=$1
    cat >"$work/nginx.conf" <<CONF
worker_processes $(nproc); worker_cpu_affinity auto; pid $work/nginx.pid; daemon off; error_log $work/nginx.log;
events { worker_connections 1024; }
http { access_log off; sendfile on; keepalive_requests 100000000; open_file_cache max=10;
    client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
    server { listen 127.0.0.1:$nginx_port; root $work/www; } }
CONF
    chmod 755 "$work"
    nginx -p "$work" -c "$work/nginx.conf" 2>/dev/null &
    nginx=$!
    sleep 0.5
    kill -0 "$nginx" 2>/dev/null && curl -sf -o /dev/null "http://127.0.0.1:$nginx_port/bench"
}
for try in 18601 18602 18603 18604 18605; do start_nginx $try && break; done

for page in page record record-plain list; do
    ratios='' ours=''
    for round in 1 2 3; do
        mine=$(rate $page "http://127.0.0.1:$port/")
        theirs=$(rate page "http://127.0.0.1:$nginx_port/")
        ratios="$ratios $(over "$mine" "$theirs")" ours="$mine against $theirs a second in the last round"
    done
    case $page in
        page) name="HTTP: 1 KB page / nginx static" goal='>= 0.8' ;;
        record) name="HTTP: record page, each read journalled / nginx static 1 KB" goal='>= 0.3' ;;
        record-plain) name="HTTP: record page below the read threshold / nginx static 1 KB" goal='>= 0.3' ;;
        list) name="HTTP: list page of 50 rows / nginx static 1 KB" goal='-' ;;
    esac
    # shellcheck disable=SC2086
    figure "$name" "$goal" '' "$ours" $ratios
done
kill "$nginx"
wait "$nginx" 2>/dev/null || true
nginx=''

# ---- changes ----
ratios='' fsyncs='' lone='' rates=''
for round in 1 2 3; do
    kill -USR1 "$server"
    many=$("$bin/bench-load" "$port" "$LOAD" write 64 "$seconds" 0)
    kill -USR1 "$server"
    sleep 0.2
    rows=$(sed -n 's/^rows //p' "$work/out" | tail -n 1)
    one=$("$bin/bench-load" "$port" "$LOAD" write 1 "$seconds" 0)
    bare=$("$bin/bench-bare" "$work/bare" "${BENCH_ROW_BYTES:-900}" "${rows:-1}" "$seconds")
    ratios="$ratios $(over "$(value rate "$many")" "$(value rate "$bare")")" rates="$rates $(value rate "$many")"
    fsyncs="$fsyncs $(value fsync "$bare")"
    lone="$lone $(over "$(value p50 "$one")" "$(value fsync "$bare")")"
    said="$(value rate "$many") a second, $rows a batch; bare $(value rate "$bare")"
    alone="$(value p50 "$one") ms; fsync $(value fsync "$bare") ms"
done
# shellcheck disable=SC2086
figure "durable changes over HTTP, 64 writers / bare SQLite" '>= 0.4' '' "$said" $ratios
# shellcheck disable=SC2086
figure "a single change over HTTP / fsync" '<= 2' '' "$alone" $lone
paced=$("$bin/bench-load" "$port" "$LOAD" write 64 "$((seconds * 2))" 2000)
figure "changes over HTTP at 2,000/s: p50 / p99 / max" 'p99 <= 50 ms' ' ms' "reached $(value rate "$paced") a second" "$(value p50 "$paced")" "$(value p99 "$paced")" "$(value max "$paced")"

# ---- live updates, stopping ----
before=$(memory "$server")
"$bin/bench-load" "$port" "$LOAD" live 1000 1 >"$work/live" &
live=$!
wait_for '^open' "$work/live"
after=$(memory "$server")
open=$(sed -n 's/^open=//p' "$work/live")
wait "$live"
figure "1,000 live-update clients" '<= 40 MB' ' MB' "$open open; server's resident size before $before MB" "$(awk -v a="$after" -v b="$before" 'BEGIN { print a - b }')"

"$bin/bench-load" "$port" "$LOAD" write 64 30 0 >"$work/stop" 2>"$work/stop.err" &
load=$!
sleep 1
kill "$server"
wait "$load" || true
wait "$server" || true
server=''
figure "stop with requests in flight" '<= 2 s' ' s' "$(cat "$work/stop" | tr ' ' '\n' | grep -E '^(sent|answered|cut)' | tr '\n' ' ')" "$(sed -n 's/^stopped //p' "$work/out")"
rm -rf "$work/office" "$work/office.load"

# ---- the program itself ----
"$CASTELLAN" demo "$work/demo" --persons "${BENCH_PERSONS:-4000}" >"$work/demo.out" 2>&1 || { cat "$work/demo.out" >&2; exit 1; }
cat "$work/demo.out"
starts='' sizes=''
for round in 1 2 3; do
    : >"$work/serve"
    began=$(date +%s.%N)
    "$CASTELLAN" serve "$work/demo" --listen 127.0.0.1:0 >"$work/serve" 2>/dev/null &
    server=$!
    i=0
    until grep -q '^http' "$work/serve"; do i=$((i + 1)); [ $i -lt 3000 ] || exit 1; sleep 0.01; done
    starts="$starts $(awk -v a="$(date +%s.%N)" -v b="$began" 'BEGIN { print a - b }')"
    worked=$(awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$server/stat")
    curl -s -o /dev/null "$(sed -n '/^http/{p;q}' "$work/serve")sign-in"
    sizes="$sizes $(memory "$server")"
    kill "$server"
    wait "$server" || true
    server=''
done
# shellcheck disable=SC2086
figure "start with the demonstration office" '<= 0.5 s' ' s' "${BENCH_PERSONS:-4000} persons; processor time $worked s" $starts
# shellcheck disable=SC2086
figure "resident size with the demonstration office" '<= 48 MB' ' MB' 'the office process' $sizes
cp "$CASTELLAN" "$work/stripped"
strip "$work/stripped" 2>/dev/null || true
figure "size of the program" '<= 10 MB' ' MB' 'stripped' "$(awk -v b="$(wc -c <"$work/stripped")" 'BEGIN { print b / 1048576 }')"
ui=$(find ../ui -maxdepth 1 -type f \( -name '*.css' -o -name '*.js' -o -name '*.svg' \) -exec sh -c 'for f; do gzip -9 -c "$f" | wc -c; done' sh {} + | awk '{ s += $1 } END { print s / 1024 }')
figure "UI, compressed" '<= 60 KB' ' KB' 'style, scripts, images' "$ui"
