# server.sh FOLDER PROGRAM PORT [OPTION...]: a Redis server in FOLDER that ends when our standard input is closed.
# Each line of the input is a command (start, kill, freeze, thaw), which is answered by a line.
folder=$1 program=$2 port=$3
shift 3
trap '' INT TERM HUP
pid=
end() {
    [ -n "$pid" ] && kill -KILL "$pid" 2> /dev/null && wait "$pid" 2> /dev/null
    pid=
}
while read -r command; do
    case $command in
    start) "$program" --bind 127.0.0.1 --port "$port" --dir "$folder" --save '' "$@" < /dev/null > "$folder/log" 2>&1 & pid=$! ;;
    kill) end ;;
    freeze) kill -STOP "$pid" ;;
    thaw) kill -CONT "$pid" ;;
    esac
    echo ok
done
end
rm -rf "$folder"
