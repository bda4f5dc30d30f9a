//! Two real tills of one shop: enrolled by the commands of the documentation, linked by mutual TLS,
//! with no line to anything else.

use crate::process::chain::neighbours;
use crate::tills::{Till, wait_for};
use serde_json::json;

#[test]
fn two_tills_share_stock_and_hand_carts_over() {
    let places = neighbours().unwrap();
    let [mut one, mut two] = [0, 1].map(|at| Till::start(&places[at]));
    wait_for("the line is up", || {
        let link = one.client.get("/link").unwrap();
        (link["lines"][0]["up"] == true).then_some(())
    });
    one.open_shift();
    two.open_shift();
    let before = two.on_hand();

    // A sale at one till moves the other's stock.
    let cart = one.scan();
    one.pay(cart);
    wait_for("the sale is at the other till", || (two.on_hand() != before).then_some(()));

    // A cart parked at one till is recalled and sold at the other.
    let cart = one.scan();
    one.post(&format!("/carts/{cart}/park"), &json!({ "label": "blue coat" }));
    let seen = wait_for("the parked cart is seen", || two.cart(cart));
    assert_eq!(seen["held_by"], 1, "{seen}");
    let reply = two.post(&format!("/carts/{cart}/recall"), &json!({}));
    assert_eq!(reply["result"], "claim_asked", "{reply}");
    wait_for("the cart is handed over", || two.cart(cart).filter(|it| it["here"] == true));
    two.pay(cart);
    wait_for("it is over at the first", || one.cart(cart).is_none().then_some(()));

    let shown = wait_for("nothing is lacking", || {
        let shown = two.client.get("/link").unwrap();
        (shown["lines"][0]["unsent"] == 0).then_some(shown)
    });
    assert_eq!(shown["thing"], "hh01-till-2");

    // The first till dies with a parked cart: the other takes it by force and sells it.
    let left = one.scan();
    one.post(&format!("/carts/{left}/park"), &json!({ "label": "red hat" }));
    wait_for("the second parked cart is seen", || two.cart(left));
    one.agent.killer().kill();
    wait_for("the line is down", || {
        let link = two.client.get("/link").unwrap();
        (link["lines"][0]["up"] == false).then_some(())
    });
    two.post(&format!("/carts/{left}/force-claim"), &json!({}));
    two.post(&format!("/carts/{left}/recall"), &json!({}));
    two.pay(left);
    let one = Till::start(&places[0]);
    wait_for("the first till hears of it", || one.cart(left).is_none().then_some(()));
    assert_eq!(one.client.get("/alarms").unwrap()["alarms"], json!([]), "sold once");
    assert_eq!(one.on_hand(), two.on_hand());
}
