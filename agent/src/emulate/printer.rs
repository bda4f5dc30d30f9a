//! Watches the emulated printer and its drawer: shows and saves each piece of paper, announces
//! the drawer, and pushes it shut after a while.

use super::Say;
use super::error::EmulateError;
use super::paper::{Shelf, Tray, framed};
use drivers::printer::emulator::PrinterControl;
use drivers::printer::emulator::mechanism::Mechanism;
use drivers::printer::profile::Profile;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks at the printer: a person sees paper move at once.
const LOOK: Duration = Duration::from_millis(50);

/// What a watch needs.
pub(super) struct Watch {
    pub control: PrinterControl,
    pub profile: Profile,
    pub shelf: Shelf,
    pub drawer_closes_after: Duration,
    pub say: Say,
}

impl Watch {
    /// Watches until the future is dropped.
    pub(super) async fn run(mut self) {
        let mut tray = Tray::new(&self.profile);
        let mut drawer = Drawer::default();
        let mut looks = tokio::time::interval(LOOK);
        loop {
            let now = looks.tick().await;
            let rows = if self.control.paper().rows.is_empty() {
                Vec::new()
            } else {
                self.control.with(Mechanism::tear_off).rows
            };
            for piece in tray.look(rows) {
                // Drawing takes a while; the emulators share one thread.
                let mut shelf = self.shelf;
                let saving = tokio::task::spawn_blocking(move || (shelf.save(&piece), shelf));
                let Ok((saved, shelf)) = saving.await else { return };
                self.shelf = shelf;
                self.show(saved);
            }
            self.watch_drawer(&mut drawer, now);
        }
    }

    fn show(&self, saved: Result<super::paper::Saved, EmulateError>) {
        match saved {
            Ok(saved) => {
                self.say.say(framed(&saved.text, self.profile.columns.into()).trim_end());
                let stem = saved.stem.display();
                match saved.no_picture {
                    None => self.say.say(&format!("printer   saved as {stem}.txt and .png")),
                    Some(why) => self.say.say(&format!("printer   saved as {stem}.txt; {why}")),
                }
            }
            Err(error) => self.say.say(&format!("printer   not saved: {error}")),
        }
    }

    fn watch_drawer(&self, drawer: &mut Drawer, now: Instant) {
        let (kicks, open) = self.control.with(|printer| (printer.kicks(), printer.drawer_open()));
        if kicks != drawer.kicks {
            let seconds = self.drawer_closes_after.as_secs();
            // Two kicks may come between two looks; each was one of the till's acts.
            for kick in drawer.kicks + 1..=kicks {
                self.say.say(&format!("drawer    OPEN (kick {kick}), shuts in {seconds} s"));
            }
            drawer.kicks = kicks;
            drawer.shuts_at = Some(now + self.drawer_closes_after);
        } else if !open && drawer.shuts_at.take().is_some() {
            self.say.say("drawer    shut");
        } else if drawer.shuts_at.is_some_and(|at| now >= at) {
            self.control.with(Mechanism::close_drawer);
        }
    }
}

/// What was seen of the drawer.
#[derive(Debug, Default)]
struct Drawer {
    kicks: u32,
    shuts_at: Option<Instant>,
}
