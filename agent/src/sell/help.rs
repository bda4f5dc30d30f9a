//! Every command with what it does: for `help` at the prompt, for `till sell --help`, and for the
//! right form of one that was mistyped.

use std::fmt::Write as _;

/// Columns that `help` fills.
const WIDTH: usize = 79;

/// Columns of a group's name.
const GROUP: usize = 10;

/// Commands that belong together.
struct Group {
    name: &'static str,
    /// How each is written, and what it does.
    commands: &'static [(&'static str, &'static str)],
}

const GROUPS: [Group; 8] = [
    Group {
        name: "scanning",
        commands: &[
            ("CODE", "scans a code; so do `3 x CODE` and `0.482 CODE`"),
            ("scan CODE", "scans a code that looks like a command"),
            ("search WORDS", "looks for items"),
            ("check CODE", "shows what an item costs"),
        ],
    },
    Group {
        name: "basket",
        commands: &[
            ("show", "shows the basket"),
            ("void N [REASON]", "takes line N off"),
            ("qty N QUANTITY", "changes line N's quantity"),
            (
                "disc N 10% REASON",
                "takes 10 % off line N; `disc all` off the basket, `1.00` an amount",
            ),
            ("price N 1.99 REASON", "charges another price for line N"),
            ("park LABEL", "sets the basket aside"),
            ("carts", "lists the baskets"),
            ("recall ID", "takes a parked basket back, another till's too"),
            ("force ID", "takes a basket from a till that can't be reached"),
            ("offer ID CODE", "adds to a basket that another till holds"),
            ("cancel [REASON]", "gives the basket up"),
        ],
    },
    Group {
        name: "paying",
        commands: &[
            ("cash [20]", "takes cash: what is due, or more"),
            ("card [20]", "lets the customer pay by card; Enter leaves the wait"),
            ("voucher 5 NUMBER", "takes a voucher"),
            ("coupon 0.50 [NUMBER]", "takes a manufacturer's coupon"),
            ("takeback", "gives back the tenders taken so far"),
        ],
    },
    Group {
        name: "payments",
        commands: &[
            ("payments", "lists card payments that still need someone"),
            ("ask N", "asks the terminal now what became of payment N"),
            ("abort N", "asks the terminal to give payment N up while it is under way"),
            (
                "booked N [amount=9.50] [slip=231] NOTE",
                "a manager found it in the terminal's journal; amount: where it differs",
            ),
            ("not-booked N NOTE", "a manager looked, and it is not in the terminal's journal"),
            ("reverse N", "gives money back that stands in no sale"),
            ("put-right N NOTE", "closes money that stands nowhere: it was put right elsewhere"),
        ],
    },
    Group {
        name: "returns",
        commands: &[
            ("refund RECEIPT N [Q] REASON", "refunds line N of a receipt; `last` is the last one"),
            ("void-last REASON", "undoes the last sale, for a reason to cancel"),
            ("return", "shows the return under way with its parts"),
            ("payout P TENDER", "pays part P another way, or tries the card again"),
            ("giveup", "gives the return up, of which nothing was paid yet"),
        ],
    },
    Group {
        name: "shift",
        commands: &[
            ("open FLOAT", "opens a shift"),
            (
                "close COUNTED [TENDER=COUNTED]",
                "closes the shift with the cash counted; `close!` whatever the difference",
            ),
            ("in AMOUNT REASON", "puts cash into the drawer"),
            ("out AMOUNT REASON", "takes cash out of the drawer"),
            ("x", "shows where the shift stands"),
            ("drawer REASON", "opens the drawer"),
        ],
    },
    Group {
        name: "printing",
        commands: &[
            ("receipt [NUMBER]", "shows a receipt"),
            ("reprint [NUMBER]", "prints a receipt again, as a duplicate"),
            ("jobs", "lists what waits for the printer, and why"),
            ("retry JOB", "prints a job that is stuck, or opens the drawer that stayed shut"),
            ("drop JOB", "takes a stuck job off the list"),
        ],
    },
    Group {
        name: "till",
        commands: &[
            ("status", "shows shift, devices, open payments and the return under way"),
            ("reasons", "lists the reasons that can be given"),
            ("help [WORD]", "lists the commands, or says what those of a group do"),
            ("quit", "stops; the basket stays"),
        ],
    },
];

/// Every command, group by group, on one screen.
#[must_use]
pub fn short() -> String {
    let mut text = String::new();
    for group in &GROUPS {
        let mut line = format!("{:<GROUP$}", group.name);
        let mut first = true;
        for (usage, _) in group.commands {
            if !first && line.chars().count() + usage.chars().count() + 3 > WIDTH {
                writeln!(text, "{line}").ok();
                line = " ".repeat(GROUP);
                first = true;
            }
            write!(line, "{}{usage}", if first { "" } else { " · " }).ok();
            first = false;
        }
        writeln!(text, "{line}").ok();
    }
    text.push_str(
        "\n`help paying` says what the commands of a group do, `help all` of every one.\n",
    );
    text
}

/// Every command with what it does, a line each.
#[must_use]
pub fn long() -> String {
    GROUPS.iter().map(|group| format!("{}:\n{}", group.name, lines(group.commands))).collect()
}

/// The commands of a group or of a word with what they do; `None` for neither.
#[must_use]
pub fn about(word: &str) -> Option<String> {
    if word == "all" {
        return Some(long());
    }
    let one = form(word).map(|command| lines(&[command]));
    let group = || GROUPS.iter().find(|group| group.name == word);
    one.filter(|_| word != "payments").or_else(|| group().map(|group| lines(group.commands)))
}

/// How a command is written that begins with `word`, and what it does.
pub(super) fn form(word: &str) -> Option<(&'static str, &'static str)> {
    let word = word.trim_end_matches('!');
    let mut commands = GROUPS.iter().flat_map(|group| group.commands);
    commands.find(|(usage, _)| usage.split(' ').next() == Some(word)).copied()
}

fn lines(commands: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (usage, says) in commands {
        // A longer form stands on a line of its own.
        let gap = if usage.len() > 30 { format!("\n{:34}", "") } else { String::new() };
        writeln!(text, "  {usage:<31}{gap} {says}").ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sell::entry::Entry;

    #[test]
    fn help_fits_on_a_screen() {
        let short = short();
        assert!(short.lines().count() <= 24, "{short}");
        assert!(short.lines().all(|line| line.chars().count() < 80), "{short}");
        assert!(long().lines().all(|line| line.chars().count() <= 110), "{}", long());
    }

    #[test]
    fn every_command_of_the_list_is_known() {
        for (usage, _) in GROUPS.iter().flat_map(|group| group.commands).skip(1) {
            let word = usage.split(' ').next().unwrap();
            let unknown = |why: String| why.contains("is no command");
            assert!(!Entry::parse(word).is_err_and(unknown), "{usage}");
            assert!(short().contains(usage) && long().contains(usage), "{usage}");
        }
    }

    #[test]
    fn groups_and_words_are_explained() {
        assert!(about("payments").unwrap().contains("not-booked N NOTE"));
        assert_eq!(about("cash").unwrap().lines().count(), 1);
        assert_eq!(about("all"), Some(long()));
        assert_eq!(about("nonsense"), None);
    }
}
