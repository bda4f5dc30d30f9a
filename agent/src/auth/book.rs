//! Checking PINs, setting them, and the log-ins that come of it.

use super::attempts::{left_of_lock, lock_after};
use super::verifier::{made_with, make_verifier, verify};
use super::{AuthError, Opened, Session, Sessions, Setup};
use crate::import::Pin;
use crate::runtime::Loop;
use crate::till::{Event, Till};
use commerce::staff::{Role, StaffId};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// PINs that may wait to be checked, the one under way included: each takes some 20 ms.
const MOST_WAITING: usize = 16;

/// Someone whose PIN was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinHolder {
    /// Their number.
    pub staff: StaffId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// The till's door. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    till: Loop,
    pepper: [u8; 32],
    /// A verifier of no PIN: an unknown number costs the same time as a wrong PIN.
    decoy: String,
    /// One at a time: each check needs 19 MiB, and counting must not race.
    one: Semaphore,
    waiting: Semaphore,
    sessions: Mutex<Sessions>,
    setup: Mutex<Setup>,
    /// Whom scans count for.
    operator: Mutex<Option<StaffId>>,
}

/// What the loop knows of someone.
struct Known {
    holder: Option<PinHolder>,
    pin: Option<crate::store::till::Pin>,
}

impl Auth {
    /// The door of a running till, and the set-up code where no PIN was ever set. A log-in ends
    /// after `idle` without a request.
    ///
    /// # Errors
    /// When the till cannot be read or the random source fails.
    pub async fn open(
        till: Loop,
        pepper: [u8; 32],
        idle: Duration,
    ) -> Result<(Self, Option<String>), AuthError> {
        let verifiers = till.look(|till| till.store().verifiers()).await??;
        let usable = verifiers.iter().filter(|known| made_with(known, &pepper)).count();
        if usable < verifiers.len() {
            tracing::warn!(
                unusable = verifiers.len() - usable,
                "PINs were set under another pin.pepper than this folder's: an administrator sets them anew"
            );
        }
        let (setup, code) = if usable > 0 {
            (Setup::used(), None)
        } else {
            let (setup, code) = Setup::new().ok_or_else(no_random)?;
            (setup, Some(code))
        };
        let decoy = make_verifier("", &pepper)?;
        let inner = Inner {
            till,
            pepper,
            decoy,
            one: Semaphore::new(1),
            waiting: Semaphore::new(MOST_WAITING),
            sessions: Mutex::new(Sessions::new(idle)),
            setup: Mutex::new(setup),
            operator: Mutex::new(None),
        };
        Ok((Self(Arc::new(inner)), code))
    }

    /// Checks a PIN and counts a wrong one.
    ///
    /// # Errors
    /// [`AuthError::Wrong`], [`AuthError::Locked`], [`AuthError::Busy`], or why it failed.
    pub async fn check(
        &self,
        staff: &str,
        pin: &str,
        now: Timestamp,
    ) -> Result<PinHolder, AuthError> {
        let (Ok(id), Ok(pin)) = (StaffId::parse(staff), Pin::parse(pin)) else {
            return Err(AuthError::Wrong);
        };
        self.detached(move |auth| async move { auth.check_counted(id, pin, now).await }).await
    }

    /// Logs in: the PIN's owner becomes the till's operator.
    ///
    /// # Errors
    /// As [`Auth::check`].
    pub async fn log_in(
        &self,
        staff: &str,
        pin: &str,
        now: Timestamp,
    ) -> Result<(PinHolder, Opened), AuthError> {
        let holder = self.check(staff, pin, now).await?;
        let opened = lock(&self.0.sessions).open(holder.staff.clone(), Instant::now());
        let opened = opened.ok_or_else(no_random)?;
        // After the log-in stands, or tidying would find an operator without one.
        self.set_operator(Some(holder.staff.clone())).await?;
        tracing::info!(staff = %holder.staff, "logged in");
        Ok((holder, opened))
    }

    /// The log-in of a token.
    #[must_use]
    pub fn session(&self, token: &str) -> Option<Session> {
        lock(&self.0.sessions).find(token, Instant::now()).cloned()
    }

    /// Ends a log-in; the till has no operator then, unless someone else is.
    ///
    /// # Errors
    /// When the till is busy or stopping.
    pub async fn log_out(&self, token: &str) -> Result<(), AuthError> {
        lock(&self.0.sessions).close(token);
        self.pass_the_scanner_on().await
    }

    /// Ends a log-in that another one on the same page replaces; the operator stays.
    pub fn forget(&self, token: &str) {
        lock(&self.0.sessions).close(token);
    }

    /// Whether nobody has a PIN that could be right.
    ///
    /// # Errors
    /// When the till is busy or stopping, or its file cannot be read.
    pub async fn needs_setup(&self) -> Result<bool, AuthError> {
        let verifiers = self.look(|till| till.store().verifiers()).await??;
        Ok(!verifiers.iter().any(|known| made_with(known, &self.0.pepper)))
    }

    /// Ends log-ins that are idle or whose owner left the list, and with an operator's last one
    /// their scanning; to be called now and then.
    ///
    /// # Errors
    /// When the till is busy or stopping.
    pub async fn tidy(&self) -> Result<(), AuthError> {
        let settings = self.look(|till| till.settings()).await?;
        lock(&self.0.sessions).tidy(Instant::now(), |staff| settings.person(staff).is_some());
        self.pass_the_scanner_on().await
    }

    /// Once the operator is logged in nowhere, scans count for whoever else is; for nobody when all
    /// have gone.
    async fn pass_the_scanner_on(&self) -> Result<(), AuthError> {
        let operator = lock(&self.0.operator).clone();
        let gone = operator.is_some_and(|staff| !lock(&self.0.sessions).has(&staff));
        let next = lock(&self.0.sessions).latest();
        if gone { self.set_operator(next).await } else { Ok(()) }
    }

    /// Sets the first administrator's PIN with the code of this start.
    ///
    /// # Errors
    /// When the code is wrong, PINs are set, or the person is no administrator.
    pub async fn set_up(&self, code: &str, staff: &str, pin: &str) -> Result<(), AuthError> {
        let (id, pin) = (known_id(staff)?, Pin::parse(pin).map_err(|_| AuthError::BadPin)?);
        if !self.needs_setup().await? {
            return Err(AuthError::SetUpAlready);
        }
        if !lock(&self.0.setup).matches(code) {
            return Err(AuthError::BadCode);
        }
        let known = self
            .known(&id)
            .await?
            .holder
            .ok_or_else(|| AuthError::UnknownStaff(staff.to_owned()))?;
        if known.role != Role::Administrator {
            return Err(AuthError::NotAdministrator(staff.to_owned()));
        }
        self.detached(move |auth| async move { auth.write_pin(id, pin).await }).await?;
        lock(&self.0.setup).spend();
        Ok(())
    }

    /// Sets a person's PIN, which also ends a lock-out and their log-ins but the one of `keep`.
    ///
    /// # Errors
    /// When it is no PIN, or nobody has that number.
    pub async fn set_pin(
        &self,
        staff: &str,
        pin: &str,
        keep: Option<&str>,
    ) -> Result<(), AuthError> {
        let (id, pin) = (known_id(staff)?, Pin::parse(pin).map_err(|_| AuthError::BadPin)?);
        if self.known(&id).await?.holder.is_none() {
            return Err(AuthError::UnknownStaff(staff.to_owned()));
        }
        let owner = id.clone();
        self.detached(move |auth| async move { auth.write_pin(id, pin).await }).await?;
        lock(&self.0.sessions).close_all_of(&owner, keep);
        self.pass_the_scanner_on().await
    }

    /// Runs `work` to its end even when whoever asked has gone: hanging up must not spare anyone
    /// the count of a wrong PIN.
    async fn detached<T: Send + 'static, F>(
        &self,
        work: impl FnOnce(Self) -> F,
    ) -> Result<T, AuthError>
    where
        F: Future<Output = Result<T, AuthError>> + Send + 'static,
    {
        let task = tokio::spawn(work(self.clone()));
        task.await.map_err(|error| AuthError::Hash(error.to_string()))?
    }

    async fn check_counted(
        &self,
        id: StaffId,
        pin: Pin,
        now: Timestamp,
    ) -> Result<PinHolder, AuthError> {
        let _place = self.0.waiting.try_acquire().map_err(|_| AuthError::Busy)?;
        let _turn = self.0.one.acquire().await.map_err(|_| AuthError::Busy)?;
        let Known { holder, pin: kept } = self.known(&id).await?;
        if let Some(left) =
            kept.as_ref().and_then(|kept| left_of_lock(kept.locked_until, now.as_millisecond()))
        {
            return Err(AuthError::Locked { seconds: left.as_secs().max(1) });
        }
        if kept.as_ref().is_some_and(|kept| !made_with(&kept.verifier, &self.0.pepper)) {
            return Err(AuthError::Unusable(id));
        }
        let verifier =
            kept.as_ref().map_or_else(|| self.0.decoy.clone(), |kept| kept.verifier.clone());
        let right = self.blocking(move |pepper| verify(pin.expose(), &verifier, pepper)).await?;
        match (holder, kept) {
            (Some(holder), Some(kept)) if right => {
                if kept.failures > 0 {
                    self.count(&id, 0, 0).await?;
                }
                Ok(holder)
            }
            (_, Some(kept)) => {
                let failures = kept.failures.saturating_add(1);
                let lock = lock_after(failures).unwrap_or_default();
                let ms = i64::try_from(lock.as_millis()).unwrap_or(0);
                self.count(&id, failures, now.as_millisecond().saturating_add(ms)).await?;
                tracing::warn!(staff = %id, failures, "wrong PIN");
                Err(AuthError::Wrong)
            }
            (_, None) => Err(AuthError::Wrong),
        }
    }

    async fn write_pin(&self, id: StaffId, pin: Pin) -> Result<(), AuthError> {
        let _place = self.0.waiting.try_acquire().map_err(|_| AuthError::Busy)?;
        let _turn = self.0.one.acquire().await.map_err(|_| AuthError::Busy)?;
        let verifier = self.blocking(move |pepper| make_verifier(pin.expose(), pepper)).await?;
        let staff = id.clone();
        self.look(move |till| till.store().set_pin(staff.as_str(), &verifier)).await??;
        tracing::info!(staff = %id, "PIN set");
        Ok(())
    }

    /// Argon2 is a fifth of the time of everything else together: never on a task that serves.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&[u8; 32]) -> Result<T, AuthError> + Send + 'static,
    ) -> Result<T, AuthError> {
        let pepper = self.0.pepper;
        let done = tokio::task::spawn_blocking(move || work(&pepper)).await;
        done.map_err(|error| AuthError::Hash(error.to_string()))?
    }

    async fn known(&self, id: &StaffId) -> Result<Known, AuthError> {
        let id = id.clone();
        let look = move |till: &mut Till| {
            let settings = till.settings();
            let holder = settings.person(&id).map(|person| PinHolder {
                staff: person.id.clone(),
                name: person.name.clone(),
                role: person.role,
            });
            let pin = crate::store::till::read::pin(till.store().connection(), id.as_str())?;
            Ok::<_, AuthError>(Known { holder, pin })
        };
        self.look(look).await?
    }

    async fn count(&self, id: &StaffId, failures: u32, locked_until: i64) -> Result<(), AuthError> {
        let id = id.clone();
        let count =
            move |till: &mut Till| till.store().set_failures(id.as_str(), failures, locked_until);
        Ok(self.look(count).await??)
    }

    async fn set_operator(&self, operator: Option<StaffId>) -> Result<(), AuthError> {
        self.0.till.event(Event::Operator(operator.clone())).await?;
        *lock(&self.0.operator) = operator;
        Ok(())
    }

    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Till) -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        Ok(self.0.till.look(look).await?)
    }
}

fn no_random() -> AuthError {
    AuthError::Hash("the system's random source failed".to_owned())
}

fn known_id(staff: &str) -> Result<StaffId, AuthError> {
    StaffId::parse(staff).map_err(|_| AuthError::UnknownStaff(staff.to_owned()))
}

/// These hold whole values only, so a lock poisoned by a panic is still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
