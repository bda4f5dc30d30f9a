//! Values that are wrong by themselves.

use super::{check, load};

#[test]
fn wrong_values_are_named_with_what_would_be_right() {
    for (text, expected) in [
        (
            "[http]\nport = \"8080\"",
            "2:8: http.port: text stands here: write a whole number from 0 to 65535",
        ),
        (
            "[http]\nport = 80.80",
            "2:8: http.port: a decimal number stands here: write a whole number from 0 to 65535",
        ),
        (
            "[till]\nnumber = 1000",
            "2:10: till.number: 1000 is out of range: write a whole number from 1 to 999",
        ),
        (
            "till.number = -1",
            "1:15: till.number: -1 is out of range: write a whole number from 1 to 999",
        ),
        (
            "[till]\nnumber = 99999999999999999999",
            "2:10: till.number: a number too large stands here: write a whole number from 1 to 999",
        ),
        (
            "[till]\nthing = \"Till_3\"",
            "2:9: till.thing: `Till_3` is not a till's name: write 1 to 63 small letters, digits \
             or `-`, no `-` at either end, or leave it empty",
        ),
        (
            "[till]\nprice_zones = [0, 4096]",
            "2:19: till.price_zones 2: 4096 is out of range: write a whole number from 0 to 4095",
        ),
        (
            "[till]\nprice_zones = [7, 7]",
            "2:15: till.price_zones: a zone stands here twice: name each once",
        ),
        (
            "[till]\nprice_zones = [1, 2, 3, 4, 5, 6, 7, 8, 9]",
            "2:15: till.price_zones: a till takes at most 8 zones: take some out",
        ),
        (
            "[till]\nprice_zones = 7",
            "2:15: till.price_zones: a bare number stands here: write whole numbers from 0 to 4095 \
             in brackets, such as [0, 7]",
        ),
        (
            "[hub]\nhost = \"mqtt:8883\"",
            "2:8: hub.host: `mqtt:8883` is not a machine: write its host name or IP address, \
             without a port",
        ),
        (
            "[hub]\nhost = \"a\"\nchain = \"Hansa Kaffee\"",
            "3:9: hub.chain: `Hansa Kaffee` can't stand in a topic: write 1 to 64 bytes without \
             spaces, /, +, # and $",
        ),
        (
            "[hub]\nhost = \"a\"\nkeep_alive_seconds = 29",
            "3:22: hub.keep_alive_seconds: 29 is out of range: write a whole number from 30 to 1200",
        ),
        (
            "[store]\nfolder = 7",
            "2:10: store.folder: a bare number stands here: write text in double quotes",
        ),
        (
            "[store]\nfolder = \"~/till\"",
            "2:10: store.folder: `~/till` is not a path: write it out, without `~` and without \
             variables",
        ),
        (
            "[log]\nlevel = \"inof\"",
            "2:9: log.level: `inof` is not a log filter: write a level (off, error, warn, info, \
             debug, trace), or levels by module, such as info,agent::till=debug",
        ),
        (
            "[log]\nformat = \"xml\"",
            "2:10: log.format: `xml` is not known here: write auto or human or json",
        ),
        (
            "[log]\nformat = 1",
            "2:10: log.format: something other than text stands here: write \"auto\" or \"human\" \
             or \"json\"",
        ),
        (
            "[http]\naddress = \"0.0.0.0\"",
            "2:11: http.address: other machines can reach `0.0.0.0`, and there is no TLS yet to \
             keep PINs from being read on the network: write 127.0.0.1 or ::1",
        ),
        (
            "[http]\naddress = \"localhost\"",
            "2:11: http.address: `localhost` is not an IP address: write 127.0.0.1 or ::1",
        ),
        (
            "[link]\nlisten = \"8421\"",
            "2:10: link.listen: `8421` is not an address to listen at: write it with its port, \
             such as 0.0.0.0:8421",
        ),
        (
            "[[sibling]]\nthing = \"Till_2\"\naddress = \"a:1\"",
            "2:9: sibling 1, thing: `Till_2` is not a thing's name: write 1 to 64 lower-case \
             letters, digits, `-` or `.`, as its certificate has it",
        ),
        (
            "[[sibling]]\nthing = \"a-2\"\naddress = \"10.0.0.9\"",
            "3:11: sibling 1, address: `10.0.0.9` is not where a till listens: write its host or \
             IP address with the port, such as 192.168.1.12:8421",
        ),
        (
            "[printer]\nendpoint = \"192.168.1.50\"",
            "2:12: printer.endpoint: `192.168.1.50` is not a device address: write \
             tcp://HOST:PORT, listen://ADDRESS:PORT or serial:///dev/ttyUSB0?baud=9600",
        ),
        (
            "[printer]\nendpoint = \"tcp://a:1\"\nprofile = \"76mm\"",
            "3:11: printer.profile: `76mm` is not a printer profile: write 58mm or 80mm or 80mm-42",
        ),
        (
            "[printer]\nendpoint = \"tcp://a:1\"\ndrawer_pin = 3",
            "3:14: printer.drawer_pin: 3 is out of range: write 2 (the first drawer) or 5 (the \
             second)",
        ),
        (
            "[printer]\nprofile = \"58mm\"",
            "1:1: printer: `endpoint` is missing: add a line endpoint = …",
        ),
        (
            "[terminal]\nendpoint = \"tcp://a:1\"\npassword = 123456",
            "3:12: terminal.password: a bare number stands here: write text in double quotes",
        ),
        (
            "[terminal]\nendpoint = \"tcp://a:1\"\npassword = \"12345\"",
            "3:12: terminal.password: the password is not six digits: write it as it is set in \
             the terminal",
        ),
        (
            "[terminal]\nendpoint = \"tcp://a:1\"\nsilence_seconds = 301",
            "3:19: terminal.order_seconds: 300 seconds for a whole payment are less than the 301 \
             of silence_seconds: write at least 301, or lower silence_seconds",
        ),
        (
            "http = 3",
            "1:8: http: this is a section: write its name in brackets, and its keys below",
        ),
        (
            "[[printer]]\nendpoint = \"tcp://a:1\"",
            "1:1: printer: this section stands once: write it with single brackets",
        ),
        (
            "[scanner]\nname = \"a\"",
            "1:1: scanner: there can be several: write the section with double brackets",
        ),
        (
            "[[scanner]]\nname = \"a b\"\nendpoint = \"tcp://a:1\"",
            "2:8: scanner 1, name: `a b` is not a name: write 1 to 32 letters, digits, `-` or `_`",
        ),
    ] {
        check(text, &[], &[expected]);
    }
}

#[test]
fn zones_are_a_list_in_the_file_and_have_commas_in_the_environment() {
    for (text, variable, expected) in [
        ("", None, &[0][..]),
        ("[till]\nprice_zones = []\n", None, &[]),
        ("[till]\nprice_zones = [7, 0, 4095]\n", None, &[0, 7, 4095]),
        ("[till]\nprice_zones = [7]\n", Some("3, 1"), &[1, 3]),
        ("", Some(" "), &[]),
    ] {
        let env: Vec<_> =
            variable.map(|value| ("TILL_TILL__PRICE_ZONES", value)).into_iter().collect();
        let zones = load(text, &env).unwrap().till.price_zones.zones();
        let numbers: Vec<u16> = zones.into_iter().map(sync::log::Zone::number).collect();
        assert_eq!(numbers, expected, "{text:?} {variable:?}");
    }
    let wrong = "environment variable TILL_TILL__PRICE_ZONES: till.price_zones: `1;2` is no list of \
        zones: write whole numbers from 0 to 4095 with commas";
    check("", &[("TILL_TILL__PRICE_ZONES", "1;2")], &[wrong]);
}
