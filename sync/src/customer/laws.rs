//! Whatever the order in which streams arrive, doubled, late or begun anew, replicas agree.

use super::*;
use commerce::staff::StaffId;
use proptest::prelude::*;
use proptest::sample::Index;

const CUSTOMER: CustomerId = CustomerId([9; 16]);

/// What somebody does at a till, by what that till knows of the customer then.
#[derive(Debug, Clone)]
enum Deed {
    Write(u8, u8),
    NewNote,
    EditNote(Index),
    DropNote(Index),
    Wish(u8),
    Unwish(u8),
    Consent(u8, bool),
    Erase,
    /// Hears what another till wrote, up to a place in its stream; `None` for all of it.
    Hear(u8, Option<Index>),
    /// Lets its own stream begin anew.
    Compact,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (0_u8..3, any::<u8>()).prop_map(|(field, text)| Deed::Write(field, text)),
        1 => Just(Deed::NewNote),
        2 => any::<Index>().prop_map(Deed::EditNote),
        1 => any::<Index>().prop_map(Deed::DropNote),
        3 => (0_u8..3).prop_map(Deed::Wish),
        2 => (0_u8..3).prop_map(Deed::Unwish),
        3 => (0_u8..2, any::<bool>()).prop_map(|(purpose, given)| Deed::Consent(purpose, given)),
        5 => (0_u8..TILLS, any::<Option<Index>>()).prop_map(|(from, upto)| Deed::Hear(from, upto)),
        1 => Just(Deed::Compact),
    ]
}

const TILLS: u8 = 3;

/// A till: its stream from where it begins, and what it knows.
#[derive(Default)]
struct Till {
    stream: Vec<(Place, Operation)>,
    known: Customer,
}

fn replica(till: u8) -> ReplicaId {
    ReplicaId([till; 16])
}

fn by() -> StaffId {
    StaffId::parse("101").unwrap()
}

/// A clock that goes wrong: the second till's is an hour ahead.
fn clock(till: u8, step: u64) -> Hlc {
    Hlc::from_ms(1_000_000 + step + if till == 1 { 3_600_000 } else { 0 })
}

struct Shop {
    tills: Vec<Till>,
    /// Every operation ever written, whatever was compacted since.
    ever: Vec<Vec<(Place, Operation)>>,
}

impl Shop {
    fn run(script: &[(u8, Deed)]) -> Self {
        let tills = (0..TILLS).map(|_| Till::default()).collect();
        let mut shop = Self { tills, ever: vec![Vec::new(); usize::from(TILLS)] };
        for (step, (till, deed)) in (1..).zip(script) {
            shop.act(*till, step, deed);
        }
        shop
    }

    fn act(&mut self, who: u8, step: u64, deed: &Deed) {
        let me = usize::from(who);
        if let Deed::Hear(from, upto) = deed {
            let heard = self.tills[usize::from(*from)].stream.clone();
            let upto = upto.map_or(heard.len(), |upto| upto.index(heard.len() + 1));
            for (place, operation) in heard.into_iter().take(upto) {
                self.tills[me].known.apply(place, &operation);
            }
            return;
        }
        let place = Place { replica: replica(who), seq: step, clock: clock(who, step), index: 0 };
        let till = &mut self.tills[me];
        let record = Record::from(&till.known);
        let Some(operation) = operation(&till.known, &record, place, deed) else { return };
        if matches!(deed, Deed::Compact) {
            till.stream.clear();
        }
        till.known.apply(place, &operation);
        till.stream.push((place, operation.clone()));
        self.ever[me].push((place, operation));
    }

    fn streams(&self) -> Vec<&[(Place, Operation)]> {
        self.tills.iter().map(|till| till.stream.as_slice()).collect()
    }
}

fn operation(known: &Customer, record: &Record, place: Place, deed: &Deed) -> Option<Operation> {
    let (customer, at_ms) = (CUSTOMER, place.seq.cast_signed());
    let noted = |text: Option<String>| Note { text, at_ms, by: by() };
    let edit = |at: &Index, text: Option<String>| {
        let ids: Vec<_> = record.notes.keys().copied().collect();
        let id = *ids.get(at.index(ids.len().max(1)))?;
        let (note, content, seen) = (Some(id), noted(text), known.seen_of_note(id));
        Some(Operation::Note { customer, note, content, seen })
    };
    Some(match deed {
        Deed::Write(field, text) => {
            let field = Field(*field);
            let clock = known.counts_from([field], place.clock);
            let text = (text % 4 != 0).then(|| format!("{text} of {}", place.seq));
            Operation::Fields { customer, values: [(field, text)].into(), clock }
        }
        Deed::NewNote => {
            let content = noted(Some(format!("note {}", place.seq)));
            Operation::Note { customer, note: None, content, seen: Seen::new() }
        }
        Deed::EditNote(at) => edit(at, Some(format!("edit {}", place.seq)))?,
        Deed::DropNote(at) => edit(at, None)?,
        Deed::Wish(sku) => {
            let wish = Wish { sku: sku.to_string(), remark: None, at_ms: 0 };
            Operation::Wish { customer, wish }
        }
        Deed::Unwish(sku) => {
            let sku = sku.to_string();
            let seen = known.seen_of_wishes(&sku);
            Operation::Unwish { customer, sku, seen }
        }
        Deed::Consent(purpose, given) => {
            let purpose = purpose.to_string();
            let seen = known.seen_of_purpose(&purpose);
            let consent =
                Consent { purpose, given: *given, at_ms, source: "shop".into(), by: by() };
            Operation::Consent { customer, consent, seen }
        }
        Deed::Erase => Operation::Erased { customer, erasure: Erasure { at_ms, by: by() } },
        Deed::Compact => Operation::Stated { customer, record: Box::new(record.clone()) },
        Deed::Hear(..) => return None,
    })
}

/// Folds streams in an order drawn from `picks`, each from its beginning; some entries again, as
/// they come late and doubled.
fn fold(streams: &[&[(Place, Operation)]], picks: &[(Index, bool)]) -> Record {
    let mut next = vec![0; streams.len()];
    let mut customer = Customer::default();
    let picks = picks.iter().cycle();
    for (pick, again) in picks {
        let open: Vec<usize> =
            (0..streams.len()).filter(|stream| next[*stream] < streams[*stream].len()).collect();
        if open.is_empty() {
            break;
        }
        let stream = open[pick.index(open.len())];
        let (place, operation) = &streams[stream][next[stream]];
        customer.apply(*place, operation);
        if *again {
            // The stream comes once more, up to here.
            for (place, operation) in &streams[stream][..=next[stream]] {
                customer.apply(*place, operation);
            }
        }
        next[stream] += 1;
    }
    // A record says all: what is read back goes on the same.
    let record = Record::from(&customer);
    assert_eq!(decode_record(&encode_record(&record).unwrap()).unwrap(), record);
    assert_eq!(Record::from(&Customer::from(&record)), record);
    record
}

fn script() -> impl Strategy<Value = Vec<(u8, Deed)>> {
    prop::collection::vec((0..TILLS, deed()), 0..40)
}

fn picks() -> impl Strategy<Value = Vec<(Index, bool)>> {
    prop::collection::vec((any::<Index>(), prop::bool::weighted(0.2)), 24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_order_of_streams_comes_to_the_same(script in script(), a in picks(), b in picks()) {
        let shop = Shop::run(&script);
        prop_assert_eq!(fold(&shop.streams(), &a), fold(&shop.streams(), &b));
    }

    /// Whoever folded what was compacted since knows no other than who begins at the checkpoints.
    #[test]
    fn a_stream_that_begins_anew_says_the_same(script in script(), a in picks(), b in picks()) {
        let shop = Shop::run(&script);
        let ever: Vec<_> = shop.ever.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(fold(&shop.streams(), &a), fold(&ever, &b));
    }

    /// Operations alone, none of them stated again: merged as sets and registers, record by record,
    /// they come to what folding comes to.
    #[test]
    fn merging_records_is_folding_operations(script in script(), a in picks()) {
        let plain: Vec<_> =
            script.into_iter().filter(|(_, deed)| !matches!(deed, Deed::Compact)).collect();
        let shop = Shop::run(&plain);
        let mut merged = Customer::default();
        for till in &shop.tills {
            merged.merge(till.known.clone());
        }
        merged.merge(shop.tills[0].known.clone());
        prop_assert_eq!(Record::from(&merged), fold(&shop.streams(), &a));
    }

    #[test]
    fn an_erasure_takes_away_everything(
        script in script(), till in 0..TILLS, at in any::<Index>(), a in picks(), b in picks(),
    ) {
        let mut script = script;
        let at = at.index(script.len() + 1);
        script.insert(at, (till, Deed::Erase));
        let shop = Shop::run(&script);
        let record = fold(&shop.streams(), &a);
        prop_assert_eq!(&record, &fold(&shop.streams(), &b));
        let nothing = Record { erased: record.erased.clone(), ..Record::default() };
        prop_assert!(record.erased.is_some());
        prop_assert_eq!(record, nothing);
    }

    /// Who writes a field after having heard of the value before writes it last, whatever the clocks.
    #[test]
    fn what_was_seen_is_overwritten(script in script(), picks in picks()) {
        let mut script = script;
        script.extend((0..TILLS).map(|from| (0, Deed::Hear(from, None))));
        script.push((0, Deed::Write(1, 1)));
        let step = script.len();
        let record = fold(&Shop::run(&script).streams(), &picks);
        if record.erased.is_none() {
            let expected = format!("1 of {step}");
            prop_assert_eq!(record.field(Field(1)), Some(expected.as_str()));
        }
    }
}

fn place(till: u8, step: u64) -> Place {
    Place { replica: replica(till), seq: step, clock: clock(till, step), index: 0 }
}

fn both(first: &[(Place, Operation)], second: &[(Place, Operation)]) -> Record {
    let mut customer = Customer::default();
    first.iter().chain(second).for_each(|(place, said)| customer.apply(*place, said));
    Record::from(&customer)
}

#[test]
fn two_edits_of_a_note_at_once_are_both_shown() {
    let (customer, seen) = (CUSTOMER, Seen::new());
    let content = |text: &str| Note { text: Some(text.into()), at_ms: 0, by: by() };
    let first = Operation::Note { customer, note: None, content: content("tea"), seen };
    let id = place(0, 1).note();
    let edit = |text: &str| {
        let (note, seen) = (Some(id), [(id.replica, id.counter)].into());
        Operation::Note { customer, note, content: content(text), seen }
    };
    let here = [(place(0, 1), first), (place(0, 2), edit("green tea"))];
    let there = [(place(2, 3), edit("black tea"))];
    for record in [both(&here, &there), both(&there, &here)] {
        let notes: Vec<_> = record.notes().collect();
        assert_eq!(notes.len(), 1);
        let mut texts: Vec<_> = notes[0].1.iter().filter_map(|note| note.text.as_deref()).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["black tea", "green tea"]);
    }
}

#[test]
fn a_consent_given_at_one_till_and_withdrawn_at_another_does_not_stand() {
    let consent = |given| {
        let consent = Consent {
            purpose: "newsletter".into(),
            given,
            at_ms: 0,
            source: "shop".into(),
            by: by(),
        };
        Operation::Consent { customer: CUSTOMER, consent, seen: Seen::new() }
    };
    let given = [(place(0, 2), consent(true))];
    let withdrawn = [(place(2, 1), consent(false))];
    assert!(both(&given, &[]).agreed_to("newsletter"));
    assert!(!both(&given, &withdrawn).agreed_to("newsletter"));
    assert!(!both(&[], &[]).agreed_to("newsletter"));
    // Given again by somebody who saw both: now it does.
    let mut customer = Customer::from(&both(&given, &withdrawn));
    let Operation::Consent { customer: id, consent, .. } = consent(true) else { panic!() };
    let seen = customer.seen_of_purpose("newsletter");
    customer.apply(place(0, 5), &Operation::Consent { customer: id, consent, seen });
    assert!(Record::from(&customer).agreed_to("newsletter"));
    assert_eq!(Record::from(&customer).consents.members.len(), 1);
}
