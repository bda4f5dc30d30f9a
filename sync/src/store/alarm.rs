//! What a person must see to, and the frames that nobody could believe.
//!
//! Alarms are kept once for each kind and subject and counted up, so that a peer which repeats
//! itself costs nothing; evidence is bounded for the same reason. Who shows them is the agent's and
//! the hub's affair.

use super::LogError;
use rusqlite::{Connection, Row, named_params};

/// The most frames kept as evidence. More of the same would tell nobody more; the alarm counts on.
pub const MAX_EVIDENCE: i64 = 256;

/// The most frames kept of one sender, so that one who lies much leaves room for what others send.
const MAX_EVIDENCE_OF_ONE: i64 = 32;

/// The most that is kept of a frame, in bytes: all of it but for a run that came in parts, whose
/// beginning shows enough. All evidence together is some 30 MB.
const MAX_EVIDENCE_BYTES: usize = crate::wire::MAX_FRAME_BYTES;

/// The most alarms kept of one kind that somebody has not seen yet: who can make up subjects of one
/// kind does not crowd the others out.
const MAX_ALARMS_OF_KIND: i64 = 256;

/// The most alarms that are told at once.
const MAX_ALARMS: i64 = 1_024;

/// The longest detail and subject in characters: they hold texts from outside.
const MAX_TEXT: usize = 400;

/// What an alarm is about. The numbers are stored: they never change and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// A stream has two branches, both sealed by its key.
    Fork,
    /// A frame could not be believed: a broken chain, a seal of another key.
    Disbelieved,
    /// Entries of a replica that no paper names, or that may not write them.
    Stranger,
    /// A peer holds more of this machine's own stream than it does: the database was put back.
    PutBack,
    /// Another machine writes under this one's identity.
    Cloned,
    /// A key claims a replica that is not its own.
    Contested,
    /// A peer sends more than it should.
    Flood,
    /// A cart was paid twice.
    PaidTwice,
    /// Entries came after their writer's key was revoked; a manager decides.
    Held,
    /// A clock is wrong.
    Clock,
    /// A link can't do what it should: a certificate, a broker, a name.
    Link,
}

impl AlarmKind {
    /// Every kind with its number and its word for the API and logs.
    pub const ALL: [(Self, i64, &'static str); 11] = [
        (Self::Fork, 1, "fork"),
        (Self::Disbelieved, 2, "disbelieved"),
        (Self::Stranger, 3, "stranger"),
        (Self::PutBack, 4, "put_back"),
        (Self::Cloned, 5, "cloned"),
        (Self::Contested, 6, "contested"),
        (Self::Flood, 7, "flood"),
        (Self::PaidTwice, 8, "paid_twice"),
        (Self::Held, 9, "held"),
        (Self::Clock, 10, "clock"),
        (Self::Link, 11, "link"),
    ];

    fn row(self) -> (i64, &'static str) {
        let mut rows = Self::ALL.into_iter();
        let found = rows.find(|(kind, ..)| *kind == self);
        found.map(|(_, number, word)| (number, word)).expect("ALL names every kind")
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.row().1
    }
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its number here.
    pub number: i64,
    /// What it is about; `None` for a kind of a newer version.
    pub kind: Option<AlarmKind>,
    /// Whom or what it is about.
    pub subject: String,
    /// What was noticed last, in words.
    pub detail: String,
    /// When it was noticed first, in milliseconds since 1970.
    pub first_at_ms: i64,
    /// When it was noticed last.
    pub last_at_ms: i64,
    /// How often.
    pub times: i64,
    /// When somebody has seen to it.
    pub seen_at_ms: Option<i64>,
}

/// Raises an alarm, or counts one up that is there already and shows it again.
///
/// # Errors
/// When SQLite fails.
pub fn raise(
    tx: &Connection,
    now_ms: i64,
    kind: AlarmKind,
    subject: &str,
    detail: &str,
) -> Result<(), LogError> {
    tx.prepare_cached(
        "INSERT INTO alarm (kind, subject, detail, first_at, last_at, times)
         SELECT :kind, :subject, :detail, :now, :now, 1
         WHERE (SELECT count(*) FROM alarm WHERE seen_at IS NULL AND kind = :kind) < :most
            OR EXISTS (SELECT 1 FROM alarm WHERE kind = :kind AND subject = :subject)
         ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail,
            last_at = excluded.last_at, times = times + 1, seen_at = NULL",
    )?
    .execute(named_params! {
        ":kind": kind.row().0,
        ":subject": short(subject),
        ":detail": short(detail),
        ":now": now_ms,
        ":most": MAX_ALARMS_OF_KIND,
    })?;
    Ok(())
}

/// All alarms, those that nobody has seen to first, the latest first.
///
/// # Errors
/// When SQLite fails.
pub fn alarms(conn: &Connection) -> Result<Vec<Alarm>, LogError> {
    let mut statement = conn.prepare_cached(
        "SELECT local, kind, subject, detail, first_at, last_at, times, seen_at FROM alarm
         ORDER BY seen_at IS NOT NULL, last_at DESC, local DESC LIMIT :most",
    )?;
    let rows = statement.query_map(named_params! { ":most": MAX_ALARMS }, alarm_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Says that somebody has seen to an alarm; false when there is no such alarm.
///
/// # Errors
/// When SQLite fails.
pub fn see(tx: &Connection, number: i64, now_ms: i64) -> Result<bool, LogError> {
    let seen = tx
        .prepare_cached("UPDATE alarm SET seen_at = :now WHERE local = :local")?
        .execute(named_params! { ":now": now_ms, ":local": number })?;
    Ok(seen == 1)
}

/// Keeps a frame that could not be believed, up to [`MAX_EVIDENCE`] of them and some of each sender;
/// false when it is not kept any more.
///
/// # Errors
/// When SQLite fails.
pub fn keep_evidence(
    tx: &Connection,
    now_ms: i64,
    sender: &str,
    why: &str,
    frame: &[u8],
) -> Result<bool, LogError> {
    let kept = tx
        .prepare_cached(
            "INSERT INTO evidence (at, sender, why, frame)
             SELECT :now, :sender, :why, :frame
             WHERE (SELECT count(*) FROM evidence) < :most
               AND (SELECT count(*) FROM evidence WHERE sender = :sender) < :most_of_one",
        )?
        .execute(named_params! {
            ":now": now_ms,
            ":sender": short(sender),
            ":why": short(why),
            ":frame": frame.get(..MAX_EVIDENCE_BYTES).unwrap_or(frame),
            ":most": MAX_EVIDENCE,
            ":most_of_one": MAX_EVIDENCE_OF_ONE,
        })?;
    Ok(kept == 1)
}

fn alarm_of(row: &Row<'_>) -> rusqlite::Result<Alarm> {
    let number: i64 = row.get(1)?;
    let kind = AlarmKind::ALL.into_iter().find(|(_, known, _)| *known == number);
    Ok(Alarm {
        number: row.get(0)?,
        kind: kind.map(|(kind, ..)| kind),
        subject: row.get(2)?,
        detail: row.get(3)?,
        first_at_ms: row.get(4)?,
        last_at_ms: row.get(5)?,
        times: row.get(6)?,
        seen_at_ms: row.get(7)?,
    })
}

fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn repeats_count_and_come_back() {
        let db = testing::database();
        raise(&db, 10, AlarmKind::Fork, "till 3", "entry 7").unwrap();
        raise(&db, 20, AlarmKind::Flood, "till 3", "200 frames").unwrap();
        assert!(see(&db, 1, 25).unwrap());
        assert!(!see(&db, 9, 25).unwrap());
        let kinds = |db: &Connection| -> Vec<_> {
            alarms(db).unwrap().into_iter().map(|a| (a.kind.unwrap(), a.times)).collect()
        };
        assert_eq!(kinds(&db), [(AlarmKind::Flood, 1), (AlarmKind::Fork, 1)]);
        raise(&db, 30, AlarmKind::Fork, "till 3", "entry 9").unwrap();
        assert_eq!(kinds(&db), [(AlarmKind::Fork, 2), (AlarmKind::Flood, 1)]);
        let again = alarms(&db).unwrap().swap_remove(0);
        assert_eq!(
            (again.detail.as_str(), again.first_at_ms, again.seen_at_ms),
            ("entry 9", 10, None)
        );
    }

    #[test]
    fn a_flood_of_subjects_and_frames_is_bounded() {
        let db = testing::database();
        for number in 0..MAX_ALARMS_OF_KIND + 10 {
            raise(&db, number, AlarmKind::Stranger, &number.to_string(), "x").unwrap();
        }
        assert_eq!(alarms(&db).unwrap().len() as i64, MAX_ALARMS_OF_KIND);
        raise(&db, 1, AlarmKind::Fork, "till 3", "x").unwrap();
        assert_eq!(alarms(&db).unwrap().len() as i64, MAX_ALARMS_OF_KIND + 1, "another kind");
        raise(&db, 1, AlarmKind::Stranger, "0", &"y".repeat(10_000)).unwrap();
        let longest = alarms(&db).unwrap().iter().map(|alarm| alarm.detail.len()).max();
        assert_eq!(longest, Some(MAX_TEXT));
        let keep = |sender: &str| keep_evidence(&db, 1, sender, "no seal", b"frame").unwrap();
        for number in 0..MAX_EVIDENCE + 3 {
            assert_eq!(keep("till 3"), number < MAX_EVIDENCE_OF_ONE);
        }
        for number in MAX_EVIDENCE_OF_ONE..MAX_EVIDENCE + 3 {
            let kept = keep(&format!("till {}", number / MAX_EVIDENCE_OF_ONE + 3));
            assert_eq!(kept, number < MAX_EVIDENCE, "frame {number}");
        }
    }

    #[test]
    fn of_a_long_frame_the_beginning_is_kept() {
        let db = testing::database();
        for (length, expected) in
            [(MAX_EVIDENCE_BYTES, MAX_EVIDENCE_BYTES), (MAX_EVIDENCE_BYTES + 1, MAX_EVIDENCE_BYTES)]
        {
            db.execute("DELETE FROM evidence", []).unwrap();
            assert!(keep_evidence(&db, 1, "till 3", "no seal", &vec![7; length]).unwrap());
            let kept = "SELECT length(frame) FROM evidence";
            let kept: i64 = db.query_row(kept, [], |row| row.get(0)).unwrap();
            assert_eq!(usize::try_from(kept).unwrap(), expected);
        }
    }

    #[test]
    fn every_kind_has_a_number_and_a_word_of_its_own() {
        let db = testing::database();
        for (kind, ..) in AlarmKind::ALL {
            raise(&db, 1, kind, kind.word(), "x").unwrap();
        }
        let kept = alarms(&db).unwrap();
        assert_eq!(kept.len(), AlarmKind::ALL.len());
        assert!(kept.iter().all(|alarm| alarm.kind.map(AlarmKind::word) == Some(&alarm.subject)));
        db.execute("UPDATE alarm SET kind = 99 WHERE kind = 1", []).unwrap();
        assert_eq!(alarms(&db).unwrap().iter().filter(|alarm| alarm.kind.is_none()).count(), 1);
    }
}
