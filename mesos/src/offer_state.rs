//! What a scheduler says of the offers that it gets, while none of its tasks lives: to whoever supervises its process, and by a
//! label to whoever asks Mesos.

use serde::{Deserialize, Serialize};

/// The longest label, in bytes: every answer about frameworks carries it.
const LONGEST: usize = 500;

/// How it stands with the offers of a framework.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferState {
    /// Why none of its tasks lives. None: one does, or nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standstill: Option<Standstill>,
    /// Since when its program wants tasks, in seconds since 1970, if it wanted none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_since: Option<i64>,
}

/// Why none of a framework's tasks lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standstill {
    /// In one word.
    pub cause: StandstillCause,
    /// In words for people.
    pub words: String,
}

/// Why none of a framework's tasks lives, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StandstillCause {
    /// Its program wants none at the moment.
    NoneWanted,
    /// The most cores that it may have are fewer than one task needs.
    MostTooSmall,
    /// Mesos makes no offers.
    NoOffers,
    /// Its program declines offers that would hold a task; why, nobody can see.
    Declined,
    /// No offer is large enough.
    TooSmall,
    /// No offer has a port that each task must have.
    PortMissing,
    /// No offer comes from an agent with the attributes that it asks for.
    ConstraintsUnmet,
    /// So many tasks failed on each agent that makes offers that its program launches no more there: it never goes on.
    AgentsExcluded,
    /// A word of a newer libmesos.so.
    #[serde(other)]
    Unknown,
}

impl OfferState {
    /// A label that says it; none when there is nothing to say. Long words are cut.
    pub fn to_label(&self) -> Option<String> {
        if *self == Self::default() {
            return None;
        }
        let mut short = self.clone();
        loop {
            let label = serde_json::to_string(&short).ok()?;
            if label.len() <= LONGEST {
                return Some(label);
            }
            let words = &mut short.standstill.as_mut()?.words;
            let kept = words.chars().count() * 3 / 4;
            *words = words.chars().take(kept).chain(['…']).collect();
        }
    }

    /// What a label says; nothing, where it is none of these.
    pub fn from_label(label: &str) -> Option<Self> {
        serde_json::from_str(label).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(words: &str) -> OfferState {
        let standstill = Standstill { cause: StandstillCause::TooSmall, words: words.to_owned() };
        OfferState { standstill: Some(standstill), wanted_since: None }
    }

    #[test]
    fn a_label_says_it_all_again_and_only_its_words_are_ever_cut() {
        assert_eq!(OfferState::default().to_label(), None);
        let short = state("it lacks 1 core");
        assert_eq!(OfferState::from_label(&short.to_label().unwrap()), Some(short));
        let label = state(&"\"ü".repeat(400)).to_label().unwrap();
        assert!(label.len() <= LONGEST, "{label}");
        let cut = OfferState::from_label(&label).unwrap().standstill.unwrap();
        assert_eq!(cut.cause, StandstillCause::TooSmall);
        assert!(cut.words.starts_with("\"ü") && cut.words.ends_with('…'), "{}", cut.words);
    }

    #[test]
    fn a_word_of_a_newer_library_is_no_fault() {
        let label = r#"{"standstill": {"cause": "FromTheFuture", "words": "x"}}"#;
        let read = OfferState::from_label(label).unwrap().standstill.unwrap();
        assert_eq!(read.cause, StandstillCause::Unknown);
    }
}
