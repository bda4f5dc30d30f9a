//! Whether a chain's name can stand in the topics of a hub's broker: told where it is chosen, and
//! where a till is examined, before the line to the hub fails at run time.
//!
//! What a topic takes is [`sync::link::mqtt`]'s. Called by the command line and the doctor.

use crate::config::Hub;
use sync::link::mqtt::{MAX_NAME_BYTES, is_topic_name};

/// What to do about it on a till; the bundle of every till would have to be made anew otherwise.
pub const REMEDY: &str = "give the chain another name for topics: `chain` in [hub], the same on \
                          every till and at the hub";

/// What whoever makes an authority should know of the name; `None` when a hub can use it.
#[must_use]
pub fn warning(chain: &str) -> Option<String> {
    (!is_topic_name(chain)).then(|| {
        format!(
            "`{chain}` can't stand in the topics of a hub's broker: a name for them has 1 to \
             {MAX_NAME_BYTES} bytes without spaces, /, +, # and $, such as `hansa-kaffee`. The \
             chain's name stands in every certificate. With a hub in mind, delete the folder now \
             and make it again with another name; once tills are enrolled, only `chain` in their \
             [hub] helps."
        )
    })
}

/// Why a till of `chain` can have no line to the hub as it is configured.
#[must_use]
pub fn unfit(hub: Option<&Hub>, chain: &str) -> Option<String> {
    let named = hub?.chain_in_topics(chain);
    (!is_topic_name(named)).then(|| {
        format!(
            "the till is enrolled in the chain `{named}`, which can't stand in the hub's topics: \
             they take 1 to {MAX_NAME_BYTES} bytes without spaces, /, +, # and $"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(more: &str) -> Hub {
        toml::from_str(&format!("host = \"mqtt.hansa.example\"\n{more}")).unwrap()
    }

    #[test]
    fn a_name_for_topics_needs_no_word() {
        for (chain, fits) in
            [("hansa-kaffee", true), ("Hansa Kaffee", false), ("a/b", false), ("a+", false)]
        {
            assert_eq!(warning(chain).is_none(), fits, "{chain}");
            assert_eq!(unfit(Some(&hub("")), chain).is_none(), fits, "{chain}");
            assert_eq!(unfit(None, chain), None, "without a hub any name will do");
            assert_eq!(unfit(Some(&hub("chain = \"hansa\"")), chain), None, "another is set");
        }
        let told = warning("Hansa Kaffee").unwrap();
        assert!(told.contains("stands in every certificate"), "{told}");
    }
}
