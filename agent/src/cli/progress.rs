//! Progress of long work, for whoever watches a terminal; silent elsewhere.

use crate::upkeep;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar with `template`; indicatif hides it when standard error is no terminal.
pub(super) fn bar(template: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Does `work` while a bar shows how far it has come.
pub(super) fn watching<T>(work: impl FnOnce(upkeep::Watch<'_>) -> T) -> T {
    let bar = bar("{msg} {wide_bar} {pos}/{len} {eta}");
    let done = work(&mut |progress| {
        bar.set_message(progress.what);
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    done
}
