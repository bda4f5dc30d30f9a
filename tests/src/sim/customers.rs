//! Customers: known, changed and forgotten at the tills of a shop, which come to know the same.

use super::laws::conn_of;
use super::members::{COUNT, SHOPS, shop_of};
use super::till::SimTill;
use super::world::World;
use crate::books::Broken;
use crate::dice::Dice;
use agent::store::till::{read, rebuild};
use agent::till::{Command, CustomerAct, Refusal, Reply};
use commerce::customer::CustomerId;
use std::collections::BTreeMap;
use sync::customer::{Field, Record};

/// Whom the tills speak of.
const CUSTOMERS: u8 = 6;

fn id_of(number: u8) -> CustomerId {
    CustomerId([number; 16])
}

impl SimTill<'_> {
    /// Says something about a customer, or whose cart it is.
    pub fn about_a_customer(&mut self, ms: u64, dice: &mut Dice) -> Result<Reply, Refusal> {
        let customer = id_of(u8::try_from(dice.below(u64::from(CUSTOMERS))).unwrap());
        let conn = self.conn().expect("the till runs");
        let known = read::customer(conn, customer).map_err(Refusal::Store)?;
        let Some(known) = known else {
            let values = fields(dice);
            return self.say_of(ms, customer, CustomerAct::Create(values));
        };
        let note = known.notes().next().map(|(note, _)| note);
        let wish = known.wishes.members.keys().next().map(|wish| wish.sku.clone());
        let word = format!("word {}", dice.below(1_000));
        let act = match (dice.below(12), note, wish) {
            (0..=3, ..) => CustomerAct::Change(fields(dice)),
            (4, ..) => CustomerAct::AddNote(word),
            (5, Some(note), _) => CustomerAct::EditNote(note, word),
            (6, Some(note), _) => CustomerAct::DropNote(note),
            (7, ..) => CustomerAct::AddWish { sku: "BAK-001".to_owned(), remark: Some(word) },
            (8, _, Some(wish)) => CustomerAct::DropWish(wish),
            (9, ..) => {
                let (purpose, source) = ("letters".to_owned(), word);
                CustomerAct::Consent { purpose, given: dice.one_in(2), source }
            }
            (10, ..) if dice.one_in(12) => CustomerAct::Erase,
            _ => {
                let cart = self.scan(ms, dice)?;
                let attach = Command::Attach { cart, customer: Some(customer) };
                return self.ask(ms, "101", None, attach);
            }
        };
        self.say_of(ms, customer, act)
    }

    fn say_of(
        &mut self,
        ms: u64,
        customer: CustomerId,
        act: CustomerAct,
    ) -> Result<Reply, Refusal> {
        self.ask(ms, "301", None, Command::Customer { customer, act })
    }
}

fn fields(dice: &mut Dice) -> BTreeMap<Field, Option<String>> {
    let field = dice.pick(&[Field::NAME, Field::PHONE]);
    let text = if field == Field::PHONE { "040" } else { "Ada" };
    BTreeMap::from([(field, Some(format!("{text} {}", dice.below(1_000))))])
}

/// All tills of a shop know the same of each customer, also when they fold everything again.
pub fn customers_agree(world: &World<'_>) -> Result<(), Broken> {
    for shop in 0..SHOPS.len() {
        // A till whose key was revoked goes on by itself.
        let tills = (1..=COUNT).filter(|id| shop_of(*id) == shop && world.revoked != Some(*id));
        let mut first: Option<(usize, Known)> = None;
        for id in tills {
            let known = known(world, id)?;
            let (one, expected) = first.get_or_insert_with(|| (id, known.clone()));
            if let Some(customer) = (0..CUSTOMERS).find(|it| known.get(it) != expected.get(it)) {
                let (theirs, ours) = (expected.get(&customer), known.get(&customer));
                return Err(format!(
                    "of customer {customer} till {one} knows {theirs:?}, till {id} {ours:?}"
                ));
            }
        }
    }
    Ok(())
}

type Known = BTreeMap<u8, Record>;

/// What a till knows, and knows again once it folded everything anew.
fn known(world: &World<'_>, id: usize) -> Result<Known, Broken> {
    let conn = conn_of(world, id)?;
    let all = || -> Result<Known, Broken> {
        let mut all = Known::new();
        for number in 0..CUSTOMERS {
            let known = read::customer(conn, id_of(number)).map_err(|error| error.to_string())?;
            all.extend(known.map(|known| (number, known)));
        }
        Ok(all)
    };
    let live = all()?;
    if world.newer == Some(id) {
        return Ok(live);
    }
    let trial = conn.unchecked_transaction().map_err(|error| error.to_string())?;
    rebuild(&trial, &mut |_| {}).map_err(|error| error.to_string())?;
    let rebuilt = all()?;
    trial.rollback().map_err(|error| error.to_string())?;
    if rebuilt != live {
        return Err(format!("till {id} knows {live:?}, and {rebuilt:?} after a rebuild"));
    }
    Ok(live)
}
