//! Two real tills of one shop that know each other by nothing but the hub, over a real broker that
//! is killed, cut off and refuses; one of them is killed as well.

mod rig;

use crate::hub::Replica;
use crate::tills::{Till, wait_for};
use rig::{Rig, TILLS};
use serde_json::{Value, json};

impl Rig {
    /// Waits until every till's journal is at the hub, and both know each other's stock.
    #[track_caller]
    fn converge(&self, tills: [&Till; 2], when: &str) {
        for till in 0..2 {
            wait_for(&format!("{when}: the hub has all of till {}", till + 1), || {
                self.hub_has_all_of(till).then_some(())
            });
        }
        wait_for(&format!("{when}: the stock is the same"), || {
            (tills[0].on_hand() == tills[1].on_hand()).then_some(())
        });
    }
}

/// Waits until the line to the hub is up, or down.
#[track_caller]
fn wait_for_line(till: &Till, up: bool) -> Value {
    wait_for(&format!("the line to the hub is up: {up}"), || {
        till.line("hub").filter(|line| line["up"] == up)
    })
}

#[track_caller]
fn wait_for_price(till: &Till, price: &str) {
    wait_for(&format!("it sells at {price}"), || (till.price() == price).then_some(()));
}

#[test]
fn a_shop_converges_over_its_hub_whatever_the_line_does() {
    converges(Rig::new(&TILLS));
}

/// The hub is on the second link.
#[cfg(feature = "aws-iot-sdk")]
#[test]
fn a_shop_converges_over_a_hub_on_the_sdk() {
    converges(Rig::with_hub(&TILLS, sync::link::mqtt::MqttLink::start_on_sdk));
}

fn converges(mut rig: Rig) {
    let [mut one, mut two] = [0, 1].map(|at| Till::start(&rig.places[at]));
    for till in [&mut one, &mut two] {
        wait_for_line(till, true);
        till.open_shift();
    }
    let stock = two.on_hand();
    one.sell();
    wait_for("a sale reaches the other till", || (two.on_hand() != stock).then_some(()));
    two.sell();
    rig.converge([&one, &two], "at first");

    // A push for later reaches both, and counts there at its instant.
    let old = one.price();
    rig.push(3_000, 777);
    for till in [&one, &two] {
        assert_ne!(old, "7.77");
        wait_for_price(till, "7.77");
    }

    // The broker dies. Both sell on, and say what the hub lacks.
    rig.broker.kill();
    for till in [&mut one, &mut two] {
        wait_for_line(till, false);
        till.sell();
    }
    let owed = one.line("hub").unwrap()["owed"].clone();
    assert_eq!((&owed["receipts"], &owed["amount"]["minor"]), (&json!(1), &json!(777)), "{owed}");
    assert!(owed["entries"].as_u64().unwrap() >= 1, "{owed}");
    assert!(owed["oldest"].is_string(), "{owed}");
    rig.push(0, 888);
    rig.broker.restart().unwrap();
    for till in [&one, &two] {
        wait_for_price(till, "8.88");
    }
    rig.converge([&one, &two], "after the broker died");

    // One till is cut off while the other sells and a push goes out.
    rig.proxies[1].cut();
    wait_for_line(&two, false);
    one.sell();
    two.sell();
    rig.push(0, 999);
    wait_for_price(&one, "9.99");
    assert_eq!(two.price(), "8.88");
    rig.proxies[1].heal();
    wait_for_price(&two, "9.99");
    rig.converge([&one, &two], "after one was cut off");

    // One till dies right after a sale, and a push goes out meanwhile.
    one.sell();
    one.agent.killer().kill();
    rig.push(0, 1_111);
    wait_for_price(&two, "11.11");
    two.sell();
    let mut one = Till::start(&rig.places[0]);
    wait_for_price(&one, "11.11");
    one.sell();
    rig.converge([&one, &two], "after one was killed");

    for till in [&one, &two] {
        let line = wait_for("the hub has confirmed all", || {
            till.line("hub").filter(|line| line["unsent"] == 0)
        });
        assert_eq!(line["owed"], Value::Null);
        assert_eq!(till.alarms(), []);
    }
    rig.hub.look(|hub| assert!(hub.alarms.is_empty(), "{:?}", hub.alarms));
}

#[test]
fn a_broker_that_refuses_one_till_is_told_of_and_holds_nobody_else_up() {
    let mut rig = Rig::new(&TILLS[..1]);
    let [mut one, mut two] = [0, 1].map(|at| Till::start(&rig.places[at]));
    for till in [&mut one, &mut two] {
        till.open_shift();
        till.sell();
    }
    let refused = wait_for("the refusal is told", || {
        two.alarms().into_iter().find(|(kind, _)| kind == "link")
    });
    assert!(refused.1.contains("hh01-till-2/up (NotAuthorized)"), "{refused:?}");
    wait_for("the hub has all of the first till", || rig.hub_has_all_of(0).then_some(()));
    assert!(!rig.hub_has_all_of(1), "nothing of the second got by the broker's rules");
    assert_eq!(one.alarms(), []);
    two.sell();
    rig.broker.allow(&rig.chain, &TILLS).unwrap();
    rig.broker.restart().unwrap();
    rig.converge([&one, &two], "once it is allowed");
}

#[test]
fn two_clients_with_one_name_are_told_of_and_the_till_comes_back() {
    let rig = Rig::new(&TILLS);
    let mut one = Till::start(&rig.places[0]);
    one.open_shift();
    wait_for_line(&one, true);
    // A copy of the till's folder, on another machine. Each throws the other out, ever more slowly.
    let copy = rig.run_copy_of(0);
    let told = wait_for("the copy is told of", || {
        one.alarms().into_iter().find(|(kind, _)| kind == "link")
    });
    assert!(told.1.contains("another client"), "{told:?}");
    one.sell();
    drop(copy);
    wait_for_line(&one, true);
    wait_for("the hub has all of it", || rig.hub_has_all_of(0).then_some(()));
}

/// The broker holds a certificate to its topics; where its rules do not, the hub does.
#[test]
fn a_till_that_speaks_for_another_store_is_not_believed() {
    let mut rig = Rig::new(&TILLS);
    let mut one = Till::start(&rig.places[0]);
    one.open_shift();
    one.sell();
    wait_for("the hub has all of it", || rig.hub_has_all_of(0).then_some(()));
    let frame = rig.hub.look(Replica::a_till_s_question).unwrap();
    one.agent.killer().kill();
    // Its certificate speaks in another store's topics.
    rig.broker.allow(&rig.chain, &[("HH01", TILLS[1].1), ("HH02", TILLS[0].1)]).unwrap();
    rig.broker.restart().unwrap();
    let mut stray = rig.copy_of(0, "HH02");
    let told = wait_for("the hub is told", || {
        rig.say_to_hub(&mut stray, &frame);
        rig.hub.look(|hub| hub.alarms.iter().find(|why| why.contains("is not at")).cloned())
    });
    assert!(told.starts_with("HH02/hh01-till-1: replica"), "{told}");
}
