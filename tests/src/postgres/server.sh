# server.sh FOLDER BIN PORT: a PostgreSQL server in FOLDER that ends when our standard input is closed.
# Each line of the input is a command (start, stop, standby, freeze, thaw), which is answered by a line. Runs as the server's user.
folder=$1 bin=$2 port=$3
trap '' INT TERM HUP
start() {
    "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 start > "$folder/start" 2>&1
}
stop() {
    "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop > /dev/null 2>&1
}
# The server first, so that it starts no more processes. Each process of a connection is its child, and may have ended.
signal() {
    main=$(head -n 1 "$folder/data/postmaster.pid" 2> /dev/null) && kill "$1" "$main" || return 1
    for child in $(cat "/proc/$main/task/$main/children"); do kill "$1" "$child" 2> /dev/null; done
    return 0
}
"$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync > "$folder/initdb" 2>&1 || echo "failed: $(tail -n 3 "$folder/initdb" | tr '\n' ' ')"
cat >> "$folder/data/postgresql.conf" << CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
max_connections = 300
max_prepared_transactions = 10
shared_buffers = 64MB
fsync = on
CONF
cat "$folder/more.conf" >> "$folder/data/postgresql.conf"
while read -r command; do
    case $command in
    start) if start; then echo ok; else echo "failed: $(tail -n 3 "$folder/log" | tr '\n' ' ')"; fi ;;
    standby) if stop && : > "$folder/data/standby.signal" && start; then echo ok; else echo "failed: no standby"; fi ;;
    stop) if stop; then echo ok; else echo "failed: the server does not stop"; fi ;;
    freeze) if signal -STOP; then echo ok; else echo "failed: the server does not run"; fi ;;
    thaw) if signal -CONT; then echo ok; else echo "failed: the server does not run"; fi ;;
    esac
done
signal -CONT
stop
rm -rf "$folder"
