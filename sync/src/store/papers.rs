//! Papers as they were issued, and how far each peer says it has come.

use super::{LogError, Stream};
use crate::log::{ReplicaId, StreamId, StreamKind};
use crate::trust::{Trust, paper_id, rank};
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

/// Keeps a paper that [`Trust::admit`] found new; keeping it twice is harmless.
///
/// # Errors
/// When SQLite fails.
pub fn keep_paper(tx: &Connection, bytes: &[u8]) -> Result<(), LogError> {
    tx.prepare_cached("INSERT INTO paper (id, bytes) VALUES (:id, :bytes) ON CONFLICT DO NOTHING")?
        .execute(named_params! { ":id": paper_id(bytes), ":bytes": bytes })?;
    Ok(())
}

/// All papers kept, issuers before those they sign for; what can't be read any more is left out.
///
/// # Errors
/// When SQLite fails.
pub fn papers(conn: &Connection) -> Result<Vec<Vec<u8>>, LogError> {
    let mut statement = conn.prepare("SELECT bytes FROM paper ORDER BY id")?;
    let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    let mut ranked = Vec::new();
    for bytes in rows {
        let bytes = bytes?;
        if let Some(rank) = rank(&bytes) {
            ranked.push((rank, bytes));
        }
    }
    ranked.sort();
    Ok(ranked.into_iter().map(|(_, bytes)| bytes).collect())
}

impl Trust {
    /// Takes up all papers that are kept.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn load(&mut self, conn: &Connection) -> Result<(), LogError> {
        for paper in papers(conn)? {
            // Each was admitted once; one whose issuer was revoked since says nothing any more.
            self.admit_kept(&paper).ok();
        }
        Ok(())
    }
}

/// How far each peer has made each stream durable.
pub type Peers = BTreeMap<ReplicaId, BTreeMap<StreamId, u64>>;

/// Writes down how far a peer says that it has made a stream durable; it never goes back here.
///
/// # Errors
/// When SQLite fails.
pub fn keep_mark(
    tx: &Connection,
    peer: ReplicaId,
    stream: &Stream,
    seq: u64,
) -> Result<(), LogError> {
    tx.prepare_cached(
        "INSERT INTO mark (peer, stream, seq) VALUES (:peer, :stream, :seq)
         ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
    )?
    .execute(named_params! {
        ":peer": peer.0,
        ":stream": stream.local,
        ":seq": seq.cast_signed(),
    })?;
    Ok(())
}

/// How far each peer has come, as it said itself.
///
/// # Errors
/// When SQLite fails or a row is damaged.
pub fn marks(conn: &Connection) -> Result<Peers, LogError> {
    let mut statement = conn.prepare_cached(
        "SELECT mark.peer, replica.id, stream.kind, mark.seq FROM mark
         JOIN stream ON stream.local = mark.stream
         JOIN replica ON replica.local = stream.replica ORDER BY mark.peer, mark.stream",
    )?;
    let mut rows = statement.query([])?;
    let mut peers = Peers::new();
    while let Some(row) = rows.next()? {
        let damaged = || LogError::damaged("mark", "a peer's mark");
        let kind = StreamKind::from_number(row.get(2)?).map_err(|_| damaged())?;
        let stream = StreamId { replica: ReplicaId(row.get(1)?), kind };
        let seq = u64::try_from(row.get::<_, i64>(3)?).map_err(|_| damaged())?;
        peers.entry(ReplicaId(row.get(0)?)).or_default().insert(stream, seq);
    }
    Ok(peers)
}

/// How far the hub has made a stream durable, as it said itself: 0 while it has said nothing, and
/// all of it where the chain has none.
///
/// # Errors
/// When SQLite fails.
pub fn mark_of_hub(conn: &Connection, trust: &Trust, stream: &Stream) -> Result<u64, LogError> {
    if !trust.has_hub() {
        return Ok(u64::MAX);
    }
    let mut statement = conn.prepare_cached("SELECT peer, seq FROM mark WHERE stream = ?1")?;
    let mut rows = statement.query([stream.local])?;
    let mut mark = 0;
    while let Some(row) = rows.next()? {
        if trust.is_hub(ReplicaId(row.get(0)?)) {
            mark = mark.max(row.get::<_, i64>(1)?.cast_unsigned());
        }
    }
    Ok(mark)
}

#[cfg(test)]
mod tests {
    use super::super::{LogBooks, testing};
    use super::*;
    use crate::clock::Hlc;
    use crate::session::Books as _;
    use crate::trust::{Standing, Statement, issue};

    #[test]
    fn papers_are_loaded_whatever_order_they_were_kept_in() {
        let db = testing::database();
        let key = testing::key();
        let replica = testing::replica();
        let opened = Hlc::from_ms(9);
        let papers_in = [
            issue(&Statement::Incarnation { replica, opened }, &key).unwrap(),
            issue(&Statement::Hub { key: key.public(), serial: 1 }, &key).unwrap(),
        ];
        for paper in &papers_in {
            keep_paper(&db, paper).unwrap();
            keep_paper(&db, paper).unwrap();
        }
        assert_eq!(papers(&db).unwrap(), [papers_in[1].clone(), papers_in[0].clone()]);
        db.execute("INSERT INTO paper (id, bytes) VALUES (zeroblob(32), x'00')", []).unwrap();
        let mut trust = Trust::new(Some(key.public()));
        trust.load(&db).unwrap();
        let stream = StreamId { replica, kind: StreamKind::Settings };
        assert!(matches!(trust.standing(stream), Standing::Enrolled(_)));
        // Its id is of a time when none was bound to its key: peers would refuse the paper.
        assert_eq!(LogBooks::new(&db, None).papers().unwrap(), papers_in[1..]);
    }

    #[test]
    fn only_the_hub_says_how_far_the_hub_is() {
        let (db, journal) = testing::with_journal();
        let key = testing::key();
        let [hub, till] = [8, 9].map(|life| ReplicaId::of(&key.public(), [life; 6]));
        let mut trust = Trust::new(Some(key.public()));
        assert_eq!(mark_of_hub(&db, &trust, &journal).unwrap(), u64::MAX, "there is none");
        for statement in [
            Statement::Hub { key: key.public(), serial: 1 },
            Statement::Incarnation { replica: hub, opened: Hlc::from_ms(9) },
        ] {
            trust.admit(&issue(&statement, &key).unwrap()).unwrap();
        }
        assert_eq!(mark_of_hub(&db, &trust, &journal).unwrap(), 0, "it has said nothing");
        keep_mark(&db, till, &journal, 9).unwrap();
        keep_mark(&db, hub, &journal, 4).unwrap();
        assert_eq!(mark_of_hub(&db, &trust, &journal).unwrap(), 4);
    }

    #[test]
    fn marks_never_go_back() {
        let (db, journal) = testing::with_journal();
        let peer = ReplicaId([9; 16]);
        assert!(marks(&db).unwrap().is_empty());
        for seq in [4, 2, 7] {
            keep_mark(&db, peer, &journal, seq).unwrap();
        }
        assert_eq!(marks(&db).unwrap()[&peer][&journal.id()], 7);
    }
}
