//! Law 3: a cart is sold once; a double that was forced is found and shown. And all tills of a shop
//! agree on who holds which cart, and on what is in it.

use super::members::{COUNT, SHOPS, number_of, shop_of};
use super::oracle::sales;
use super::world::World;
use crate::books::Broken;
use agent::store::till::read;
use agent::till::Till;
use commerce::cart::{Cart, CartId, CartState};
use std::collections::{BTreeMap, BTreeSet};

/// Carts with what is in them.
type Shown = BTreeMap<CartId, String>;

/// Carts as a till shows them.
struct Floor {
    id: usize,
    here: Shown,
    elsewhere: Shown,
    /// On which money was taken or asked for: these stay where they are, beside a higher claim of
    /// another till's too, until that ends.
    begun: BTreeSet<CartId>,
}

/// Holds the carts of all shops to their laws.
pub fn carts_agree(world: &World<'_>) -> Result<(), Broken> {
    for shop in 0..SHOPS.len() {
        let tills: Vec<usize> =
            (1..=COUNT).filter(|id| shop_of(*id) == shop && world.revoked != Some(*id)).collect();
        shown_alike(world, &tills)?;
        doubles_are_shown(world, shop, &tills)?;
    }
    Ok(())
}

fn shown_alike(world: &World<'_>, tills: &[usize]) -> Result<(), Broken> {
    let mut all: Vec<Floor> = Vec::new();
    for id in tills {
        let till = &world.tills[id - 1].running.as_ref().ok_or("a till does not run")?.till;
        let is_begun = |cart: &&Cart| !cart.tenders.is_empty() || is_paying(till, cart.id);
        let (begun, settled): (Vec<&Cart>, Vec<&Cart>) = till.carts().partition(is_begun);
        all.push(Floor {
            id: *id,
            here: settled.into_iter().map(|cart| (cart.id, told(cart))).collect(),
            elsewhere: till.elsewhere().map(|it| (it.cart.id, told(&it.cart))).collect(),
            begun: begun.into_iter().map(|cart| cart.id).collect(),
        });
    }
    for Floor { id, here, .. } in &all {
        for other in all.iter().filter(|other| other.id != *id) {
            for (cart, told) in here.iter().filter(|(cart, _)| !other.begun.contains(cart)) {
                let theirs = other.id;
                if other.here.contains_key(cart) {
                    return Err(format!("tills {id} and {theirs} both hold {cart}: {told}"));
                }
                let seen = other.elsewhere.get(cart);
                if seen != Some(told) {
                    return Err(format!("till {id} holds {cart} {told}, till {theirs}: {seen:?}"));
                }
            }
        }
    }
    Ok(())
}

/// Whether the card terminal was asked for money on a cart and has not answered.
fn is_paying(till: &Till, cart: CartId) -> bool {
    let asked = "SELECT EXISTS (SELECT 1 FROM payment WHERE state = 0 AND cart = ?1)";
    let conn = till.store().connection();
    conn.query_row(asked, [cart.0.cast_signed()], |row| row.get(0)).expect("the till's payments")
}

/// What others see of a cart.
fn told(cart: &Cart) -> String {
    let lines: Vec<String> = cart
        .lines
        .iter()
        .map(|it| {
            format!("{}×{}{}", it.quantity, it.item.sku, if it.void.is_some() { "-" } else { "" })
        })
        .collect();
    let state = match &cart.state {
        CartState::Parked { label } => label.clone(),
        _ => "open".to_owned(),
    };
    format!("{state}: {}", lines.join(" "))
}

fn doubles_are_shown(world: &World<'_>, shop: usize, tills: &[usize]) -> Result<(), Broken> {
    for (cart, receipts) in sales(&world.hub, SHOPS[shop])? {
        if receipts.len() < 2 {
            continue;
        }
        let in_shop = (1..=COUNT).filter(|id| shop_of(*id) == shop);
        let forced = in_shop.clone().any(|id| world.tills[id - 1].forced.contains(&cart));
        let disturbed = in_shop.clone().any(|id| world.disturbed[id] || world.revoked == Some(id));
        // A till that lost all its files gives its first carts' numbers again, until it hears of them.
        let one = |number: u16| receipts.iter().all(|receipt| receipt.till == number);
        if in_shop.clone().any(|id| world.disturbed[id] && one(number_of(id))) {
            continue;
        }
        if !forced && !disturbed {
            return Err(format!("{cart} was sold as {receipts:?}, and nobody took it by force"));
        }
        for id in tills {
            let conn = world.tills[id - 1].conn().ok_or("a till does not run")?;
            let shown = read::sold_twice(conn).map_err(|error| error.to_string())?;
            let shown: BTreeSet<CartId> = shown.into_iter().map(|twice| twice.cart).collect();
            if !shown.contains(&cart) {
                return Err(format!("{cart} was sold as {receipts:?}, and till {id} hides it"));
            }
        }
    }
    Ok(())
}
