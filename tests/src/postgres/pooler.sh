# pooler.sh FOLDER PROGRAM: PgBouncer, with its files in FOLDER, that ends when our standard input is closed.
trap '' INT TERM HUP
"$2" "$1/pgbouncer.ini" < /dev/null > /dev/null 2>&1 &
read -r _
kill -KILL $!
wait
rm -rf "$1"
