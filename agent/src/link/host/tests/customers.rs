//! Customers between tills: merged, erased everywhere, begun anew, and handed on by an older version.

use super::*;
use crate::store::Connection;
use crate::store::till::Compacting;
use crate::till::CustomerAct;
use commerce::customer::CustomerId;
use sync::customer::{Field, NoteId, Record};
use sync::log::StreamKind;

const ADA: CustomerId = CustomerId(*b"customer-of-test");

/// What stands in fields and notes alone; nothing else in a till's files looks like it.
const SECRET: &str = "Lovelace-Byron";

impl Peer {
    fn does(&mut self, act: CustomerAct) {
        self.shop.ok("301", Command::Customer { customer: ADA, act });
    }

    fn writes(&mut self, fields: &[(Field, &str)]) {
        let values =
            fields.iter().map(|(field, text)| (*field, Some((*text).to_owned()))).collect();
        let known = self.known().is_some();
        self.does(if known { CustomerAct::Change(values) } else { CustomerAct::Create(values) });
    }

    fn known(&self) -> Option<Record> {
        read::customer(self.shop.till.store().connection(), ADA).unwrap()
    }

    fn tidies(&mut self) {
        self.shop.till.tidy(self.shop.now, Compacting::USUAL).unwrap();
    }

    fn rows(&self) -> Vec<String> {
        let conn = self.shop.till.store().connection();
        let mut all = Vec::new();
        for sql in [
            "SELECT hex(id) || own || erased || hex(record) FROM customer ORDER BY id",
            "SELECT word || hex(customer) FROM customer_word ORDER BY word, customer",
        ] {
            let mut statement = conn.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            all.extend(rows.map(Result::unwrap));
        }
        all
    }

    /// The bodies of a replica's entries on customers.
    fn bodies(&self, of: u8) -> Vec<Vec<u8>> {
        let conn = self.shop.till.store().connection();
        let kind = StreamKind::Customers;
        let Some(stream) = sync::store::find_stream(conn, replica_of(of), kind).unwrap() else {
            return Vec::new();
        };
        sync::store::verify(conn, &stream, None, &mut |_, _| {}).unwrap();
        let first = sync::store::base(conn, &stream).unwrap().seq + 1;
        let stored = sync::store::read(conn, &stream, first, 1_000).unwrap();
        stored.into_iter().map(|stored| stored.entry.body).collect()
    }

    /// Whether a text stands anywhere in the till's database, also where nothing points to it.
    fn holds(&self, text: &str) -> bool {
        let conn = self.shop.till.store().connection();
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let bytes = std::fs::read(self.shop.folder.path().join("till.db")).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

/// Tills with these numbers, linked; the papers of a hub among theirs where there is one.
fn floor(numbers: &[u8], hub: Option<&crate::store::catalogue::downstream::testing::Hub>) -> Floor {
    let mut papers = papers(numbers);
    papers.extend(hub.map(|hub| hub.papers()).into_iter().flatten());
    Floor::new(numbers.iter().map(|number| Peer::open(*number, &papers)).collect())
}

impl Floor {
    fn till(&mut self, number: u8) -> &mut Peer {
        self.tills.get_mut(&number).unwrap()
    }

    /// All know the same of Ada, also when they fold everything again.
    fn assert_agree(&self) -> Record {
        let mut known = self.tills.values().map(|peer| {
            let live = peer.rows();
            rebuild(peer.shop.till.store().connection(), &mut |_| {}).unwrap();
            assert_eq!(peer.rows(), live, "till {}", peer.number);
            peer.known().unwrap()
        });
        let first = known.next().unwrap();
        known.for_each(|other| assert_eq!(other, first));
        first
    }
}

fn texts(record: &Record) -> Vec<Vec<&str>> {
    let texts = record.notes().map(|(_, texts)| {
        let mut texts: Vec<_> = texts.iter().filter_map(|note| note.text.as_deref()).collect();
        texts.sort_unstable();
        texts
    });
    texts.collect()
}

fn first_note(record: &Record) -> NoteId {
    record.notes().next().unwrap().0
}

#[test]
fn what_two_tills_write_at_once_merges() {
    let mut floor = floor(&[1, 2], None);
    floor.till(1).writes(&[(Field::NAME, "Ada"), (Field::PHONE, "040 1")]);
    floor.till(1).does(CustomerAct::AddNote("likes tea".into()));
    floor.connect();
    floor.settle();
    let note = first_note(&floor.till(2).known().unwrap());
    // The line between them is silent.
    floor.till(1).writes(&[(Field::NAME, "Ada L.")]);
    floor.till(1).does(CustomerAct::EditNote(note, "likes green tea".into()));
    floor.till(1).does(CustomerAct::AddWish { sku: "BAK-001".into(), remark: None });
    floor.till(2).writes(&[(Field::PHONE, "040 22")]);
    floor.till(2).does(CustomerAct::EditNote(note, "likes black tea".into()));
    floor.settle();
    let record = floor.assert_agree();
    assert_eq!(record.field(Field::NAME), Some("Ada L."));
    assert_eq!(record.field(Field::PHONE), Some("040 22"));
    assert_eq!(texts(&record), [["likes black tea", "likes green tea"]]);
    assert_eq!(record.wishes.members.len(), 1);
    // Whoever sees both puts them together.
    floor.till(2).does(CustomerAct::EditNote(note, "likes tea of any kind".into()));
    floor.settle();
    assert_eq!(texts(&floor.assert_agree()), [["likes tea of any kind"]]);
}

#[test]
fn who_was_erased_is_erased_from_every_till() {
    let mut floor = floor(&[1, 2], None);
    floor.till(1).writes(&[(Field::NAME, SECRET)]);
    floor.till(1).does(CustomerAct::AddNote(format!("{SECRET} likes tea")));
    floor.connect();
    floor.settle();
    floor.till(2).writes(&[(Field::EMAIL, &format!("{SECRET}@example.com"))]);
    floor.settle();
    for peer in floor.tills.values() {
        assert!(peer.holds(SECRET), "till {}", peer.number);
    }
    floor.till(2).does(CustomerAct::Erase);
    // What the other till writes meanwhile is of no use.
    floor.till(1).writes(&[(Field::PHONE, "040 1")]);
    floor.settle();
    for number in [1, 2] {
        floor.till(number).tidies();
    }
    floor.settle();
    let record = floor.assert_agree();
    assert!(record.erased.is_some());
    assert_eq!(record, Record { erased: record.erased.clone(), ..Record::default() });
    for peer in floor.tills.values() {
        assert!(!peer.holds(SECRET), "till {}", peer.number);
        assert_eq!(peer.alarms(), []);
    }
    // Once is enough.
    let before = floor.till(1).bodies(1);
    floor.till(1).tidies();
    assert_eq!(floor.till(1).bodies(1), before);
}

#[test]
fn nothing_goes_that_the_hub_has_not_marked() {
    let hub = crate::store::catalogue::downstream::testing::Hub::new(77, 1);
    let hubs = hub.stream.id().replica;
    let mut floor = floor(&[1], Some(&hub));
    floor.till(1).writes(&[(Field::NAME, SECRET)]);
    floor.till(1).does(CustomerAct::Erase);
    let stream = StreamId { replica: replica_of(1), kind: StreamKind::Customers };
    for (peer, seq, left) in [(ReplicaId([9; 16]), 2, 2), (hubs, 1, 2), (hubs, 2, 1)] {
        let till = &mut floor.till(1).shop.till;
        till.hear(START.parse().unwrap(), PeerWord::Marks(vec![(peer, stream, seq)])).0.unwrap();
        floor.till(1).tidies();
        assert_eq!(floor.till(1).bodies(1).len(), left, "marked up to {seq} by {peer}");
    }
    assert!(!floor.till(1).holds(SECRET));
    assert!(floor.till(1).known().unwrap().erased.is_some());
}

/// One till compacts; one sibling had heard all, one begins at the checkpoint.
#[test]
fn a_stream_that_begins_anew_says_the_same() {
    let mut floor = floor(&[1, 2, 3], None);
    for number in [1, 2] {
        floor.till(number).writes(&[(Field::NAME, "Ada")]);
    }
    floor.till(1).does(CustomerAct::AddNote("likes tea".into()));
    floor.till(1).does(CustomerAct::AddWish { sku: "BAK-001".into(), remark: None });
    let said = |given| CustomerAct::Consent {
        purpose: "newsletter".into(),
        given,
        source: "in the shop".into(),
    };
    floor.till(1).does(said(true));
    floor.till(2).does(said(false));
    // Another customer, whose erasure is what makes both tills begin anew.
    for number in [1, 2] {
        let values = [(Field::NAME, Some(SECRET.to_owned()))].into();
        let customer = CustomerId([number; 16]);
        let act = CustomerAct::Create(values);
        floor.till(number).shop.ok("301", Command::Customer { customer, act });
        let act = CustomerAct::Erase;
        floor.till(number).shop.ok("301", Command::Customer { customer, act });
    }
    let before = floor.till(1).known().unwrap();
    floor.till(1).tidies();
    assert_eq!(floor.till(1).known().unwrap(), before);
    floor.connect();
    floor.settle();
    let record = floor.assert_agree();
    assert_eq!(texts(&record), [["likes tea"]]);
    assert!(!record.agreed_to("newsletter"), "withdrawn at the second till");
    floor.till(2).tidies();
    floor.settle();
    assert_eq!(floor.assert_agree(), record);
    assert_eq!(floor.till(3).bodies(1).len(), 1, "what it said again, in one entry");
    for peer in floor.tills.values() {
        assert!(!peer.holds(SECRET), "till {}", peer.number);
    }
}

/// What a revoked till said after its revocation is taken out again.
#[test]
fn what_counts_no_longer_is_unsaid() {
    let mut floor = floor(&[1, 2], None);
    floor.till(1).writes(&[(Field::NAME, "Ada")]);
    floor.connect();
    floor.settle();
    floor.till(2).writes(&[(Field::NAME, "Grace")]);
    floor.settle();
    assert_eq!(floor.assert_agree().field(Field::NAME), Some("Grace"));
    let ends = vec![(replica_of(2), StreamKind::Customers, 0)];
    let (key, why) = (key_of(2).public(), "it was stolen".to_owned());
    let revoked = sync::trust::Revocation { key, why, serial: 1, ends };
    let paper = issue(&Statement::Revoked(revoked), &root()).unwrap();
    let word = PeerWord::Papers { sender: "the chain".into(), papers: vec![paper] };
    let now = floor.till(1).shop.now;
    floor.till(1).shop.till.hear(now, word).0.unwrap();
    assert_eq!(floor.till(1).known().unwrap().field(Field::NAME), Some("Ada"));
}

/// The entries of a newer version: a field, an operation and a kind of entry that this one has not.
fn newer() -> Vec<Vec<u8>> {
    let customer = ADA.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // [96, [[1, [customer, [[1, "Ada"], [200, "size 42"]], null]], [99, [customer, "new"]]]]
    let mixed = format!(
        "821860828201 83 50{customer} 82 82 01 63416461 82 18c8 67{} f6 8218 63 82 50{customer} 636e6577",
        hex("size 42")
    );
    let another_kind = "82 1861 81 f6";
    let bytes = |text: &str| -> Vec<u8> {
        let digits: String = text.split_whitespace().collect();
        (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
            .collect()
    };
    vec![bytes(&mixed), bytes(another_kind)]
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes entries into the till's own customers stream, as its newer version would.
fn write_as_newer(peer: &mut Peer, bodies: &[Vec<u8>]) {
    let file = peer.shop.folder.path().join("till.db");
    let mut conn = Connection::open(file).unwrap();
    let tx = conn.transaction().unwrap();
    let replica = replica_of(peer.number);
    let stream = sync::store::open_stream(&tx, replica, StreamKind::Customers).unwrap();
    for body in bodies {
        let ms = sync::store::last_clock(&tx, replica).unwrap().unwrap().ms() + 1;
        let clock = sync::clock::Hlc::from_ms(ms);
        sync::store::append(&tx, &stream, clock, body, &key_of(peer.number)).unwrap();
    }
    tx.commit().unwrap();
}

#[test]
fn an_older_till_keeps_and_hands_on_what_it_cannot_read_and_folds_it_once_updated() {
    let mut floor = floor(&[1, 2, 3], None);
    write_as_newer(floor.till(1), &newer());
    // The first and the second till are linked; the third hears it from the second alone.
    let far = floor.tills.remove(&3).unwrap();
    floor.connect();
    floor.settle();
    floor.tills.remove(&1).unwrap();
    floor.tills.insert(3, far);
    floor.connect();
    floor.settle();
    for number in [2, 3] {
        assert_eq!(floor.till(number).bodies(1), newer(), "bit for bit at till {number}");
        // What this version can read counts; a field that it has no name for is kept.
        let record = floor.till(number).known().unwrap();
        assert_eq!(record.field(Field::NAME), Some("Ada"));
        assert_eq!(record.field(Field(200)), Some("size 42"));
        assert_eq!(floor.till(number).alarms(), []);
    }
    // Its own statement of the customer keeps the field, too.
    let mut older = floor.tills.remove(&2).unwrap();
    older.writes(&[(Field::PHONE, "040 1")]);
    assert_eq!(older.known().unwrap().field(Field(200)), Some("size 42"));

    // A newer version reads what is noted as unread: here, an entry that an older one passed over.
    let conn = older.shop.till.store().connection();
    let unread: i64 = conn.query_row("SELECT count(*) FROM unread", [], |row| row.get(0)).unwrap();
    assert_eq!(unread, 2);
    let live = older.rows();
    conn.execute("DELETE FROM customer", []).unwrap();
    conn.execute("DELETE FROM customer_word", []).unwrap();
    let own = "SELECT local FROM stream WHERE kind = 3 AND folded_seq = 1";
    let fold_again = format!("INSERT INTO unread (stream, seq) SELECT local, 1 FROM ({own})");
    assert_eq!(conn.execute(&fold_again, []).unwrap(), 1, "readable by this version");
    let shop = older.shop.restart();
    let again = Peer { shop, ..older };
    assert_eq!(again.rows(), live);
}

/// Each of two machines under one identity speaks of a customer, at the same places of one stream, and
/// is heard by another till first.
#[test]
fn what_two_machines_of_one_till_say_of_a_customer_comes_to_the_same_everywhere() {
    let numbers = [1, 2, 3];
    let wish =
        |remark: &str| CustomerAct::AddWish { sku: "BAK-001".into(), remark: Some(remark.into()) };
    let mut floor = floor(&numbers, None);
    floor.till(1).writes(&[(Field::NAME, "Ada")]);
    floor.connect();
    floor.settle();
    let backup = floor.backup(1);
    let far = floor.tills.remove(&3).unwrap();
    floor.till(1).does(wish("of the first"));
    floor.till(1).writes(&[(Field::PHONE, "040 1")]);
    floor.settle();
    let mut second = Peer::new(floor.start_over(1, &backup), &papers(&numbers), 77);
    second.does(wish("of the second"));
    second.writes(&[(Field::PHONE, "040 22")]);
    let near = floor.tills.remove(&2).unwrap();
    floor.tills.insert(3, far);
    floor.comes_back(1, second.shop, &papers(&numbers));
    floor.tills.insert(2, near);
    floor.connect();
    floor.settle();
    floor.assert_agree();
    // Also once somebody goes on from there.
    floor.till(2).writes(&[(Field::NAME, "Ada L.")]);
    floor.till(3).does(wish("of the third"));
    floor.settle();
    let record = floor.assert_agree();
    assert_eq!(record.field(Field::NAME), Some("Ada L."));
    assert!(record.wishes.members.keys().any(|it| it.remark.as_deref() == Some("of the third")));
    // Once erased, and stated so, nobody has anything more to say of her, whatever a branch says.
    floor.till(2).does(CustomerAct::Erase);
    floor.settle();
    let bodies = |floor: &mut Floor| numbers.map(|number| floor.till(number).bodies(number));
    let tidy = |floor: &mut Floor| {
        numbers.iter().for_each(|number| floor.till(*number).tidies());
        floor.settle();
    };
    tidy(&mut floor);
    tidy(&mut floor);
    assert!(floor.assert_agree().erased.is_some());
    let before = bodies(&mut floor);
    tidy(&mut floor);
    assert_eq!(bodies(&mut floor), before);
}
