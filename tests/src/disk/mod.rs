//! A full disk and a read-only mount: the real process on real file systems, in a mount namespace
//! of its own, so that no mount outlives the test. `faults` has the disk fail at every write of a
//! till in this process.
//!
//! `unshare` (util-linux) makes the namespace: as root directly, else in a user namespace.

mod faults;
mod spoilt;

use crate::process::till_binary;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `script` with `sh` in a mount namespace; `$TILL` is the binary, `$DIR` a folder.
fn in_namespace(script: &str, folder: &Path) -> Output {
    let root = is_root();
    let namespace: &[&str] =
        if root { &["--mount"] } else { &["--user", "--map-root-user", "--mount"] };
    let output = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-euc", script])
        .env("TILL", till_binary().unwrap())
        .env("DIR", folder)
        .env("DEMO", Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/stores/demo"))
        .env("TILL_STORE__FOLDER", folder.join("store"))
        .env("TILL_STORE__DISK_WATERMARK_MB", "1")
        .env("TILL_HTTP__PORT", "0")
        .env_remove("TILL_CONFIG")
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| {
        use std::os::unix::fs::MetadataExt as _;
        process.uid() == 0
    })
}

/// Imports what a shop needs before its goods.
const SETS: &str = r#"
for what in store taxes tenders reasons staff; do "$TILL" import $what "$DEMO/$what.csv" >&2; done
"#;

#[test]
fn a_full_disk_is_named_and_nothing_is_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        r#"
mount -t tmpfs -o size=1500k tmpfs "$DIR"
{SETS}
if "$TILL" import catalogue "$DIR/../goods.csv" 2> "$DIR/../error"; then exit 9; fi
cat "$DIR/../error"
# Room again: the same store goes on, with nothing of the import that failed.
mount -o remount,size=60m "$DIR"
"$TILL" import catalogue "$DEMO/catalogue.csv"
"$TILL" journal verify
"#
    );
    let mut goods = String::from("sku,name,unit,tax_class\n");
    for number in 0..20_000 {
        goods.push_str(&format!("SKU-{number},An item of no importance number {number},each,A\n"));
    }
    let parent = tempfile::tempdir_in(folder.path()).unwrap();
    std::fs::write(folder.path().join("goods.csv"), goods).unwrap();
    let output = in_namespace(&script, parent.path());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("the disk is full; nothing was written"), "{said}");
    assert!(said.contains("304 rows imported"), "{said}");
    assert!(said.contains("The journal verifies."), "{said}");
}

#[test]
fn a_till_that_sells_on_a_disk_that_fills_keeps_its_basket_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        r#"
mount -t tmpfs -o size=60m tmpfs "$DIR"
{SETS}
"$TILL" import catalogue "$DEMO/catalogue.csv" >&2
"$TILL" import prices "$DEMO/prices.csv" >&2
export TILL_PIN=58146
"$TILL" run > "$DIR/../run.log" 2>&1 &
RUN=$!
trap 'kill $RUN' EXIT
LEFT=1200
until URL=$(grep -o 'http://127[0-9.:]*' "$DIR/../run.log" | head -1) && [ -n "$URL" ]; do
    LEFT=$((LEFT - 1))
    [ $LEFT -gt 0 ] && kill -0 $RUN || {{ cat "$DIR/../run.log"; exit 9; }}
    sleep 0.05
done
sell() {{ "$TILL" sell --url "$URL" --staff 201 2>&1; }}
printf 'open 100\n101\n' | sell
dd if=/dev/zero of="$DIR/fill" bs=64k 2> /dev/null || true
echo "== full"
if printf 'cash 5\n' | sell; then exit 9; fi
rm "$DIR/fill"
dd if=/dev/zero of="$DIR/fill" bs=64k count=$(( ($(df --output=avail -k "$DIR" | tail -1) - 800) / 64 )) 2> /dev/null
echo "== nearly full: what is under way is finished, nothing new is begun"
printf 'cash 5\n' | sell
if printf '101\n' | sell; then exit 9; fi
rm "$DIR/fill"
echo "== room again"
printf '101\ncash 5\n' | sell
kill -INT $RUN
wait $RUN
trap - EXIT
"$TILL" journal verify
"#
    );
    let parent = tempfile::tempdir_in(folder.path()).unwrap();
    let output = in_namespace(&script, parent.path());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let (_, full) = said.split_once("== full").unwrap();
    let (full, nearly) = full.split_once("== nearly full").unwrap();
    let (nearly, room) = nearly.split_once("== room again").unwrap();
    assert!(full.contains("the disk is full"), "{said}");
    assert!(nearly.contains("HH01-1-1-000001") && nearly.contains("nearly full ("), "{said}");
    assert!(room.contains("HH01-1-1-000002") && room.contains("The journal verifies."), "{said}");
}

#[test]
fn a_read_only_mount_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        r#"
mount -t tmpfs -o size=60m tmpfs "$DIR"
{SETS}
"$TILL" import catalogue "$DEMO/catalogue.csv"
mount -o remount,ro "$DIR"
if "$TILL" import prices "$DEMO/prices.csv" 2> /dev/stdout; then exit 9; fi
if "$TILL" run 2> /dev/stdout; then exit 9; fi
mount -o remount,rw "$DIR"
"$TILL" journal verify
"#
    );
    let output = in_namespace(&script, folder.path());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("The journal verifies."), "{said}");
    let named = said.matches("ead-only").count() + said.matches("cannot be written").count();
    assert!(named >= 2, "{said}");
}
