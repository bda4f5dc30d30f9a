#!/usr/bin/env bash
# Starts a till to try: emulated scanner, printer, drawer and card terminal on their real
# transports, and the agent on a store with the demo catalogue. Ctrl-C stops everything.
set -euo pipefail

till=$(realpath "$1")
cd "$(dirname "$0")/.."
folder=$PWD/demo
mkdir -p "$folder"
exec 9> "$folder/lock"
flock --nonblock 9 || { echo "A demo runs already: stop it first (Ctrl-C where it runs)."; exit 1; }

cat > "$folder/agent.toml" <<TOML
[store]
folder = "$folder/store"

[log]
level = "warn"

[[scanner]]
name = "counter"
endpoint = "serial://$folder/devices/scanner"

[printer]
endpoint = "tcp://127.0.0.1:9100"
profile = "80mm"

[terminal]
endpoint = "tcp://127.0.0.1:20007"
TOML
export TILL_CONFIG=$folder/agent.toml

if [ ! -e "$folder/store/catalogue.db" ]; then
    echo "Setting up the store (config/stores/demo) ..."
    for what in store taxes tenders reasons staff catalogue prices stock; do
        "$till" import "$what" "config/stores/demo/$what.csv"
    done
fi

"$till" emulate all --folder "$folder/devices" > "$folder/devices.log" 2>&1 &
devices=$!
"$till" run > "$folder/till.log" 2>&1 &
agent=$!

stop() {
    trap - INT TERM EXIT
    kill -INT "$agent" "$devices" 2> /dev/null || true
    wait "$agent" "$devices" 2> /dev/null || true
    echo "Stopped. The store stays in demo/ ('make clean-demo' forgets it)."
}
trap stop EXIT
trap 'exit 0' INT TERM

until grep -q 'Till is running' "$folder/till.log"; do
    if ! kill -0 "$agent" 2> /dev/null; then
        echo "The till did not start:" && cat "$folder/till.log" && exit 1
    fi
    sleep 0.1
done
cat "$folder/till.log"
cat <<GUIDE

Try, in a second terminal:

  export TILL_CONFIG=$folder/agent.toml PATH=$(dirname "$till"):\$PATH
  till sell                       log in as 101, PIN 4826; then: open 100, scan codes, cash 20
                                  codes: 101 (roll)  2110001004827 (Gouda by weight)  0.5 x 4011 (bananas)
                                  'help' lists the commands, 'help paying' explains those of a group
                                  a cashier closes by count alone; x, and what is beyond a limit, needs 201, PIN 58146
                                  card payments that the terminal cannot tell need a manager: 301, PIN 692571

Leave 'till sell' open there: the scanner's codes count for who logged in last, and are refused once
they have logged out ('quit', or the end of a script). In a third terminal, with the same export:

  till emulate tell --folder $folder/devices scan 9520000100377     as if the scanner had read it
  till emulate tell --folder $folder/devices paper out              then sell: the receipt waits; 'paper in'
  till emulate tell --folder $folder/devices lose-line after        then pay by card: the till asks, and finds it booked
  till emulate tell --folder $folder/devices power-cut 60           after a card sale: refund last 1 faulty, payout 1 cash
  till emulate tell --folder $folder/devices faults                 what is planned for the card terminal; 'heal' forgets it
  till emulate tell --folder $folder/devices help                   what else can go wrong

  kill -9 $agent                  in the middle of a basket; then 'make demo' again: it is all there

  till journal verify             every sale sealed, nothing changed
  till doctor                     what is wrong, and what to do

Receipts appear below as the printer prints them. More staff and PINs: config/stores/demo/README.md.
GUIDE
tail -n +1 -f "$folder/devices.log" --pid "$agent" &
wait "$agent"
