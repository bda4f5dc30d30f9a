//! Who gets in, and with what: log-in, lock-out, set-up, PINs, csrf, origin.

use super::{ADMINISTRATOR, CASHIER, MANAGER, SUPERVISOR, Shop};
use crate::auth::{Auth, AuthError};
use crate::home::wall_clock;
use std::time::Duration;

fn log_in(staff: &str, pin: &str) -> String {
    format!(r#"{{"staff": "{staff}", "pin": "{pin}"}}"#)
}

#[test]
fn logging_in_says_who_and_out_ends_it() {
    let shop = Shop::open();
    let mut client = shop.client();
    client.get("/carts").is(401, "not-logged-in");
    let answer = client.bare("POST", "/session", &log_in(CASHIER.0, CASHIER.1));
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["till_session=", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let told = answer.ok();
    assert_eq!((&told["name"], &told["role"]), (&"Jonas Petersen".into(), &"cashier".into()));
    client.log_in(CASHIER.0, CASHIER.1);
    assert_eq!(client.get("/session").ok()["csrf"], client.csrf);
    let mut other = client.again();
    client.change("DELETE", "/session", "").ok();
    client.get("/session").is(401, "not-logged-in");
    other.get("/session").is(401, "not-logged-in");
}

#[test]
fn one_answer_for_a_wrong_pin_and_for_nobody() {
    let shop = Shop::open();
    let mut client = shop.client();
    let answers =
        [log_in("101", "0000"), log_in("999", "0000"), log_in("x", "0000"), log_in("101", "")];
    let texts =
        answers.map(|body| client.bare("POST", "/session", &body).is(401, "wrong-pin").text());
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

#[test]
fn ten_wrong_pins_lock_out_until_an_administrator_resets() {
    let mut shop = Shop::open();
    let mut client = shop.client();
    for attempt in 1..=10 {
        let answer = client.bare("POST", "/session", &log_in(CASHIER.0, "0000"));
        if attempt <= 5 {
            answer.is(401, "wrong-pin")
        } else {
            answer.is(429, "pin-locked")
        };
    }
    let right = log_in(CASHIER.0, CASHIER.1);
    let locked = client.bare("POST", "/session", &right);
    let left: u64 = locked.is(429, "pin-locked").header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&left), "{left}");
    // Others are not locked out, and a restart forgets nothing.
    client.log_in(SUPERVISOR.0, SUPERVISOR.1);
    shop.restart_server();
    let mut client = shop.client();
    client.bare("POST", "/session", &right).is(429, "pin-locked");
    let mut admin = shop.logged_in(ADMINISTRATOR);
    let listed = admin.get("/staff").ok();
    assert!(listed["staff"][0]["locked_until"].is_string(), "{listed}");
    let reset = format!(r#"{{"pin": "1357", "current": "{}"}}"#, ADMINISTRATOR.1);
    admin.change("PUT", "/staff/101/pin", &reset).ok();
    client.bare("POST", "/session", &right).is(401, "wrong-pin");
    client.log_in(CASHIER.0, "1357");
}

#[test]
fn approvals_count_as_attempts() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let ask = r#"{"direction": "out", "amount": {"minor": 100, "currency": "EUR"},
        "reason": "bottle-bank", "approval": {"staff": "301", "pin": "0000"}}"#;
    for _ in 0..5 {
        client.post("/cash", ask).is(401, "wrong-pin");
    }
    client.post("/cash", ask).is(429, "pin-locked");
    shop.client().bare("POST", "/session", &log_in(MANAGER.0, MANAGER.1)).is(429, "pin-locked");
}

#[test]
fn a_known_key_is_answered_again_and_tries_out_no_pin() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let ask = |pin: &str| {
        format!(
            r#"{{"direction": "out", "amount": {{"minor": 100, "currency": "EUR"}},
            "reason": "bottle-bank", "approval": {{"staff": "301", "pin": "{pin}"}}}}"#
        )
    };
    let right = ask(MANAGER.1);
    let done = client.keyed("POST", "/cash", &right, "out-1").ok();
    for guess in 0..5 {
        client.keyed("POST", "/cash", &ask(&format!("{guess:06}")), "out-1").is(401, "wrong-pin");
    }
    client.keyed("POST", "/cash", &ask("000009"), "out-1").is(429, "pin-locked");
    // The very same request is answered, whatever became of the PIN since.
    assert_eq!(client.keyed("POST", "/cash", &right, "out-1").ok(), done);
}

#[test]
fn hanging_up_spares_nobody_the_count() {
    let shop = Shop::open();
    let till = shop.running.as_ref().unwrap().till.clone();
    let pepper = shop.home.pepper().unwrap();
    // One thread, so that checks begin in the order they are asked for.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (auth, _) = Auth::open(till, pepper, Duration::from_secs(60)).await.unwrap();
        for _ in 0..5 {
            tokio::select! {
                biased;
                _ = auth.check(CASHIER.0, "0000", wall_clock()) => panic!("a check takes its time"),
                () = std::future::ready(()) => {}
            }
        }
        let sixth = auth.check(CASHIER.0, CASHIER.1, wall_clock()).await;
        assert!(matches!(sixth, Err(AuthError::Locked { .. })), "{sixth:?}");
    });
}

#[test]
fn a_lock_ends_by_itself() {
    let shop = Shop::open();
    let till = shop.running.as_ref().unwrap().till.clone();
    let past = wall_clock().as_millisecond() - 1;
    let counted = till.look(move |till| till.store().set_failures("101", 9, past).unwrap());
    shop.runtime.block_on(counted).unwrap();
    shop.logged_in(CASHIER);
}

#[test]
fn a_lost_pepper_is_said_and_an_administrator_sets_up_anew() {
    let mut shop = Shop::open();
    std::fs::write(shop.home.file("pin.pepper"), [8; 32]).unwrap();
    shop.restart_server();
    let mut client = shop.client();
    let refused = client.bare("POST", "/session", &log_in(CASHIER.0, CASHIER.1));
    assert!(refused.is(401, "wrong-pin").text().contains("pin.pepper"));
    assert_eq!(client.bare("GET", "/status", "").json()["needs_setup"], true);
    let code = shop.server().setup_code().unwrap().to_owned();
    let set_up = format!(r#"{{"code": "{code}", "staff": "901", "pin": "24681357"}}"#);
    client.bare("POST", "/setup", &set_up).ok();
    let mut administrator = shop.logged_in(("901", "24681357"));
    assert_eq!(administrator.get("/status").ok()["needs_setup"], false);
    administrator.change("PUT", "/staff/101/pin", r#"{"pin": "4826", "current": "24681357"}"#).ok();
    shop.logged_in(CASHIER);
}

#[test]
fn scans_count_for_nobody_once_their_log_in_is_over() {
    let shop = Shop::open();
    let till = shop.running.as_ref().unwrap().till.clone();
    let pepper = shop.home.pepper().unwrap();
    let scan = || {
        let scan = commerce::code::Scan::parse("101").unwrap();
        shop.runtime.block_on(till.event(crate::till::Event::Scanned(scan)))
    };
    drop(shop.selling());
    let logged_in = |idle| {
        shop.runtime.block_on(async {
            let (auth, _) = Auth::open(till.clone(), pepper, idle).await.unwrap();
            let (_, opened) = auth.log_in(CASHIER.0, CASHIER.1, wall_clock()).await.unwrap();
            (auth, opened)
        })
    };
    let (auth, _) = logged_in(Duration::from_secs(60));
    shop.runtime.block_on(auth.tidy()).unwrap();
    scan().unwrap();
    // A log-in that was idle for too long, and one whose owner's PIN is set anew.
    let (auth, _) = logged_in(Duration::ZERO);
    shop.runtime.block_on(auth.tidy()).unwrap();
    assert!(scan().unwrap_err().to_string().contains("nobody is logged in"));
    let (auth, opened) = logged_in(Duration::from_secs(60));
    scan().unwrap();
    // Someone else is logged in too, and goes on when the last one to come has gone.
    let other = auth.log_in(SUPERVISOR.0, SUPERVISOR.1, wall_clock());
    let (_, other) = shop.runtime.block_on(other).unwrap();
    shop.runtime.block_on(auth.log_out(&other.token)).unwrap();
    scan().unwrap();
    assert!(auth.session(&opened.token).is_some());
    shop.runtime.block_on(auth.set_pin(CASHIER.0, "1357", None)).unwrap();
    assert!(scan().unwrap_err().to_string().contains("nobody is logged in"));
}

#[test]
fn the_first_administrator_sets_a_pin_with_the_code_of_the_start() {
    let mut shop = Shop::without_pins();
    let code = shop.server().setup_code().unwrap().to_owned();
    let mut client = shop.client();
    assert_eq!(client.bare("GET", "/status", "").ok()["needs_setup"], true);
    let ask = |code: &str, staff: &str, pin: &str| {
        format!(r#"{{"code": "{code}", "staff": "{staff}", "pin": "{pin}"}}"#)
    };
    for (body, status, kind) in [
        (ask("WRONG", "901", "1234"), 403, "setup-code"),
        (ask(&code, "101", "1234"), 403, "forbidden"),
        (ask(&code, "999", "1234"), 422, "unknown-staff"),
        (ask(&code, "901", "12"), 422, "bad-pin"),
    ] {
        client.bare("POST", "/setup", &body).is(status, kind);
    }
    client.bare("POST", "/setup", &ask(&code, "901", "1234")).ok();
    client.bare("POST", "/setup", &ask(&code, "901", "4321")).is(409, "set-up-already");
    let mut admin = shop.logged_in(("901", "1234"));
    admin.change("PUT", "/staff/101/pin", r#"{"pin": "2468", "current": "1234"}"#).ok();
    shop.logged_in(("101", "2468"));
    shop.restart_server();
    assert_eq!(shop.server().setup_code(), None);
}

#[test]
fn everyone_changes_their_own_pin_and_only_an_administrator_others() {
    let shop = Shop::open();
    let mut client = shop.logged_in(CASHIER);
    let other = &mut shop.logged_in(CASHIER);
    let new = |pin: &str, current: &str| format!(r#"{{"pin": "{pin}", "current": "{current}"}}"#);
    client.change("PUT", "/staff/102/pin", &new("1111", CASHIER.1)).is(403, "forbidden");
    client.change("PUT", "/staff/101/pin", &new("1111", "0000")).is(401, "wrong-pin");
    client.change("PUT", "/staff/101/pin", &new("11", CASHIER.1)).is(422, "bad-pin");
    client.change("PUT", "/staff/101/pin", &new("1111", CASHIER.1)).ok();
    client.get("/session").ok();
    other.get("/session").is(401, "not-logged-in");
    shop.client().bare("POST", "/session", &log_in(CASHIER.0, CASHIER.1)).is(401, "wrong-pin");
    shop.logged_in((CASHIER.0, "1111"));
}

#[test]
fn changing_requests_carry_the_log_ins_token() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let cookie = client.cookie_header();
    let body = r#"{"code": "101"}"#;
    client.send("POST", "/carts", &cookie, body).is(403, "csrf-missing");
    let other = shop.logged_in(SUPERVISOR).csrf;
    client
        .send("POST", "/carts", &format!("{cookie}X-Till-Csrf: {other}\r\n"), body)
        .is(403, "csrf-missing");
    client.send("GET", "/carts", &cookie, "").ok();
}

#[test]
fn requests_from_other_sites_change_nothing() {
    let shop = Shop::open();
    let mut client = shop.selling();
    let own = format!("{}X-Till-Csrf: {}\r\n", client.cookie_header(), client.csrf);
    let here = shop.server().address();
    let body = r#"{"code": "101"}"#;
    for (headers, allowed) in [
        (format!("Origin: http://{here}\r\nSec-Fetch-Site: same-origin\r\n"), true),
        ("Origin: https://evil.example\r\n".to_owned(), false),
        ("Origin: null\r\n".to_owned(), false),
        (format!("Origin: http://{here}\r\nSec-Fetch-Site: cross-site\r\n"), false),
        ("Sec-Fetch-Site: same-site\r\n".to_owned(), false),
    ] {
        let answer = client.send("POST", "/carts", &format!("{own}{headers}"), body);
        assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{headers}");
        if !allowed {
            answer.is(403, "cross-site");
        }
    }
    client.send("GET", "/carts", &format!("Host: till.example\r\n{own}"), "").is(421, "wrong-host");
}

#[test]
fn some_things_need_a_role() {
    let shop = Shop::open();
    let mut cashier = shop.selling();
    for path in ["/shifts/current/report", "/shifts/1/report.txt", "/journal", "/journal/1"] {
        cashier.get(path).is(403, "forbidden");
    }
    cashier.post("/journal/verify", "").is(403, "forbidden");
    let mut supervisor = shop.logged_in(SUPERVISOR);
    assert_eq!(supervisor.get("/shifts/current/report").ok()["report"], "x");
    supervisor.post("/journal/verify", "").is(403, "forbidden");
    assert_eq!(
        shop.logged_in(MANAGER).post("/journal/verify", "").ok()["journals"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn every_answer_has_the_headers_that_keep_pages_apart() {
    let shop = Shop::open();
    let mut client = shop.client();
    for path in ["/status", "/nothing", "//", "//docs/"] {
        let answer = client.bare("GET", path, "");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert!(
            answer.header("content-security-policy").unwrap().contains("default-src 'none'"),
            "{path}"
        );
    }
}
