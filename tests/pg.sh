#!/usr/bin/env bash
# Runs a command with MORTISE_TEST_PG, the address of a PostgreSQL of its own: a cluster in a temporary
# folder on a socket there, gone when the command ends, however it ends.
#   tests/pg.sh COMMAND…
# Root becomes the user postgres for the server, which refuses to run as root.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || bin=$(dirname "$(command -v postgres || echo /missing/postgres)")
[ -x "$bin/initdb" ] || { echo "no PostgreSQL server is installed (Debian: postgresql)" >&2; exit 77; }

dir=$(mktemp -d /tmp/mortise-pg-XXXXXX)
chmod 755 "$dir"
if [ "$(id -u)" -eq 0 ]; then chown postgres "$dir"; as() { runuser -u postgres -- "$@"; }
else as() { "$@"; }; fi
stop() {
  as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

cd "$dir" # postgres may not be able to read the folder of the sources
as "$bin/initdb" -D "$dir/data" -U postgres -A trust --locale=C.UTF-8 -E UTF8 >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
as tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
fsync = off
full_page_writes = off
max_connections = 400
shared_buffers = 128MB
max_locks_per_transaction = 256
log_min_messages = error
CONF
as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start >/dev/null || { cat "$dir/log" >&2; exit 1; }
cd "$OLDPWD"
export MORTISE_TEST_PG="postgresql://postgres@/postgres?host=$dir"
export MORTISE_TEST_PG_DATA="$dir/data"
"$@"
