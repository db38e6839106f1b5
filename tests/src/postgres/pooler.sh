# pooler.sh FOLDER PROGRAM: PgBouncer, with its files in FOLDER, that ends with whoever holds our standard input open.
trap '' INT TERM HUP
"$2" "$1/pgbouncer.ini" < /dev/null > /dev/null 2>&1 &
read -r _
kill -KILL $!
wait
rm -rf "$1"
