//! Progress of long work, for whoever watches a terminal; silent elsewhere.

use super::out;
use crate::upkeep;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// Work that is done within this long shows no bar: it would only flicker.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar that appears once the work lasts, if standard error is a terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    begun: Instant,
    /// Where it will be drawn; taken when it appears.
    target: Option<ProgressDrawTarget>,
}

impl Bar {
    /// A bar with `template`; indicatif hides it when standard error is no terminal.
    pub(super) fn new(template: &str) -> Self {
        Self::on(ProgressDrawTarget::stderr(), template)
    }

    fn on(target: ProgressDrawTarget, template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let bar = match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        Self { bar, begun: Instant::now(), target: Some(target) }
    }

    /// Shows how far the work has come.
    pub(super) fn show(&mut self, done: u64, total: u64) {
        self.show_after(self.begun.elapsed(), done, total);
    }

    fn show_after(&mut self, elapsed: Duration, done: u64, total: u64) {
        if elapsed >= PATIENCE
            && let Some(target) = self.target.take()
        {
            self.bar.set_draw_target(target);
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// Says what is being done.
    pub(super) fn say(&self, what: &'static str) {
        self.bar.set_message(what);
    }

    /// Prints a line to standard output, not through the bar. What can't be written is told by the
    /// last words, which follow.
    pub(super) fn println(&self, line: &str) {
        self.bar.suspend(|| out::line(format_args!("{line}")).ok());
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Does `work` while a bar shows how far it has come.
pub(super) fn watching<T>(work: impl FnOnce(upkeep::Watch<'_>) -> T) -> T {
    let mut bar = Bar::new("{msg} {wide_bar} {pos}/{len} {eta}");
    let done = work(&mut |progress| {
        bar.say(progress.what);
        bar.show(progress.done, progress.total);
    });
    bar.finish();
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A terminal that keeps what is written on it.
    #[derive(Debug, Clone, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(line)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bar_appears_only_when_the_work_lasts() {
        let paper = Paper::default();
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        let mut bar = Bar::on(target, "{pos} of {len}");
        for done in 1..=200 {
            bar.show_after(Duration::from_millis(299), done, 400);
        }
        assert_eq!(*paper.0.lock().unwrap(), "");
        bar.show_after(Duration::from_millis(300), 201, 400);
        bar.finish();
        let shown = paper.0.lock().unwrap();
        assert!(shown.contains("of 400"), "{shown}");
    }
}
