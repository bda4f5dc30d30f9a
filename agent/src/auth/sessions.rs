//! Log-ins: kept in memory, by the hash of their token, bounded, ended when idle. The instant is
//! passed in.

use super::setup::sha256;
use commerce::staff::StaffId;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Log-ins at once: more screens and tools than one till has. The longest idle one makes room.
pub const MAX_SESSIONS: usize = 64;

/// Someone who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub staff: StaffId,
    /// What every changing request of this log-in must carry.
    pub csrf: String,
    last_used: Instant,
}

/// A log-in as its owner gets it, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// For the cookie: 64 hexadecimal digits.
    pub token: String,
    /// For the header: 64 hexadecimal digits.
    pub csrf: String,
}

/// All log-ins of one running agent.
#[derive(Debug)]
pub struct Sessions {
    open: BTreeMap<[u8; 32], Session>,
    idle: Duration,
}

impl Sessions {
    /// None yet; each ends after `idle` without a request.
    #[must_use]
    pub const fn new(idle: Duration) -> Self {
        Self { open: BTreeMap::new(), idle }
    }

    /// Logs `staff` in; `None` when the system's random source fails.
    pub fn open(&mut self, staff: StaffId, now: Instant) -> Option<Opened> {
        let (token, csrf) = (random_hex()?, random_hex()?);
        self.drop_idle(now);
        if self.open.len() >= MAX_SESSIONS {
            let oldest = self.open.iter().min_by_key(|(_, session)| session.last_used);
            if let Some(hash) = oldest.map(|(hash, _)| *hash) {
                self.open.remove(&hash);
            }
        }
        let session = Session { staff, csrf: csrf.clone(), last_used: now };
        self.open.insert(sha256(token.as_bytes()), session);
        Some(Opened { token, csrf })
    }

    /// The log-in of a token, used just now.
    pub fn find(&mut self, token: &str, now: Instant) -> Option<&Session> {
        let hash = sha256(token.as_bytes());
        let session = self.open.get_mut(&hash)?;
        if now.saturating_duration_since(session.last_used) >= self.idle {
            self.open.remove(&hash);
            return None;
        }
        session.last_used = now;
        self.open.get(&hash)
    }

    /// Ends one log-in and returns whose it was.
    pub fn close(&mut self, token: &str) -> Option<StaffId> {
        self.open.remove(&sha256(token.as_bytes())).map(|session| session.staff)
    }

    /// Ends all log-ins of a person, but for the one with the token in `keep`.
    pub fn close_all_of(&mut self, staff: &StaffId, keep: Option<&str>) {
        let keep = keep.map(|token| sha256(token.as_bytes()));
        self.open.retain(|hash, session| session.staff != *staff || Some(*hash) == keep);
    }

    /// Whoever made the latest request, of all who are logged in.
    #[must_use]
    pub fn latest(&self) -> Option<StaffId> {
        let latest = self.open.values().max_by_key(|session| session.last_used);
        latest.map(|session| session.staff.clone())
    }

    /// Whether a person is logged in anywhere.
    #[must_use]
    pub fn has(&self, staff: &StaffId) -> bool {
        self.open.values().any(|session| session.staff == *staff)
    }

    /// Ends log-ins that are idle, and those of people who are no longer `known`.
    pub fn tidy(&mut self, now: Instant, known: impl Fn(&StaffId) -> bool) {
        self.drop_idle(now);
        self.open.retain(|_, session| known(&session.staff));
    }

    fn drop_idle(&mut self, now: Instant) {
        let idle = self.idle;
        self.open.retain(|_, session| now.saturating_duration_since(session.last_used) < idle);
    }
}

impl Session {
    /// Whether `token` is this log-in's. Hashes are compared, so that time tells nothing.
    #[must_use]
    pub fn has_csrf(&self, token: &str) -> bool {
        sha256(token.as_bytes()) == sha256(self.csrf.as_bytes())
    }
}

/// 32 random bytes as hexadecimal digits.
fn random_hex() -> Option<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(id: &str) -> StaffId {
        StaffId::parse(id).unwrap()
    }

    const IDLE: Duration = Duration::from_secs(60);

    #[test]
    fn a_log_in_lasts_while_it_is_used() {
        let (mut sessions, start) = (Sessions::new(IDLE), Instant::now());
        let opened = sessions.open(staff("101"), start).unwrap();
        let almost = IDLE - Duration::from_secs(1);
        assert!(sessions.find(&opened.token, start + almost).is_some());
        assert!(sessions.find(&opened.token, start + almost * 2).is_some(), "used in between");
        assert!(sessions.find(&opened.token, start + almost * 2 + IDLE).is_none());
        assert!(!sessions.has(&staff("101")), "an idle one is gone");
        assert!(sessions.find("", start).is_none());
    }

    #[test]
    fn tidying_ends_the_idle_and_the_unknown() {
        let (mut sessions, start) = (Sessions::new(IDLE), Instant::now());
        for id in ["101", "102"] {
            sessions.open(staff(id), start).unwrap();
        }
        let later = start + IDLE / 2;
        sessions.open(staff("201"), later).unwrap();
        sessions.tidy(later, |known| *known != staff("102"));
        assert_eq!(["101", "102", "201"].map(|id| sessions.has(&staff(id))), [true, false, true]);
        sessions.tidy(start + IDLE, |_| true);
        assert_eq!(["101", "201"].map(|id| sessions.has(&staff(id))), [false, true]);
    }

    #[test]
    fn tokens_are_kept_hashed_and_compared_whole() {
        let (mut sessions, now) = (Sessions::new(IDLE), Instant::now());
        let opened = sessions.open(staff("101"), now).unwrap();
        assert!(!format!("{sessions:?}").contains(&opened.token));
        let session = sessions.find(&opened.token, now).unwrap();
        assert!(session.has_csrf(&opened.csrf));
        assert!(!session.has_csrf(&opened.token));
        assert!(!session.has_csrf(""));
    }

    #[test]
    fn a_new_log_in_beyond_the_most_ends_the_longest_idle_one() {
        let (mut sessions, start) = (Sessions::new(IDLE), Instant::now());
        let first = sessions.open(staff("101"), start).unwrap();
        let later = start + Duration::from_secs(1);
        for _ in 0..MAX_SESSIONS {
            sessions.open(staff("102"), later).unwrap();
        }
        assert!(sessions.find(&first.token, later).is_none());
        assert_eq!(sessions.open.len(), MAX_SESSIONS);
    }

    #[test]
    fn a_changed_pin_ends_the_other_log_ins_of_its_owner() {
        let (mut sessions, now) = (Sessions::new(IDLE), Instant::now());
        let [kept, ended] = [(); 2].map(|()| sessions.open(staff("101"), now).unwrap());
        let other = sessions.open(staff("102"), now).unwrap();
        sessions.close_all_of(&staff("101"), Some(&kept.token));
        assert!(sessions.find(&kept.token, now).is_some());
        assert!(sessions.find(&ended.token, now).is_none());
        assert!(sessions.find(&other.token, now).is_some());
        assert_eq!(sessions.close(&other.token), Some(staff("102")));
        assert_eq!(sessions.close(&other.token), None);
    }
}
