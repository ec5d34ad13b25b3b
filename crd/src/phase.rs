//! Where a job stands, and where it may go from there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a job stands. Phases compare in the order that an attempt goes through them.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[schemars(transform = crate::schema::undescribed)]
pub enum Phase {
    /// Accepted; the driver does not run yet. The reason says what it waits for.
    #[default]
    Pending,
    /// Distributed only: the driver runs, and no framework of its own is on Mesos yet.
    Connecting,
    /// Distributed only: registered on Mesos, and no executor has run yet.
    Requesting,
    /// Executors run or have run; NonDistributed: the driver runs; a notebook: Jupyter answers.
    Running,
    /// Something alive must still go: a stopping driver, or a framework not yet seen gone from Mesos.
    Releasing,
    /// The program ended with exit code 0. Final for this run.
    Succeeded,
    /// The run has failed, and its restart policy allows no further attempt. Final for this run.
    Failed,
    /// Suspended as asked; nothing is held anywhere.
    Suspended,
}

/// What moves a job from one phase to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The attempt has moved on. Steps may be skipped: a short program ends between two looks.
    Observed,
    /// The restart policy asks for the next attempt.
    Retry,
    /// A new run begins: an edit of a restart-class field, or the rerun annotation.
    NewRun,
    /// `spec.suspend` became true.
    Suspend,
    /// `spec.suspend` became false.
    Resume,
    /// The job is being deleted, or the person at the terminal asked for its end.
    Stop,
}

impl Phase {
    /// Every phase, in the order that a job goes through them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Connecting,
        Self::Requesting,
        Self::Running,
        Self::Releasing,
        Self::Succeeded,
        Self::Failed,
        Self::Suspended,
    ];

    /// The phase as status shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Connecting => "Connecting",
            Self::Requesting => "Requesting",
            Self::Running => "Running",
            Self::Releasing => "Releasing",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Suspended => "Suspended",
        }
    }

    /// Whether the run has ended. Only a new run leads out of here.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// The phases that `event` may lead to from here, beside staying here.
    ///
    /// Nothing of an attempt goes backwards: [`Phase::Pending`] is reached again only by another attempt or run.
    pub fn after(self, event: Event) -> &'static [Self] {
        match event {
            Event::Observed => self.onward(),
            Event::Retry => match self {
                Self::Connecting | Self::Requesting | Self::Running => &[Self::Pending, Self::Releasing],
                Self::Pending => &[Self::Releasing],
                Self::Releasing | Self::Suspended => &[Self::Pending],
                Self::Succeeded | Self::Failed => &[],
            },
            Event::NewRun => match self {
                Self::Connecting | Self::Requesting | Self::Running => &[Self::Pending, Self::Releasing],
                Self::Pending => &[Self::Releasing],
                // A new run of a job that is suspended meanwhile waits as Suspended.
                Self::Succeeded | Self::Failed => &[Self::Pending, Self::Suspended],
                Self::Releasing | Self::Suspended => &[Self::Pending],
            },
            Event::Suspend => match self {
                Self::Pending | Self::Connecting | Self::Requesting | Self::Running => {
                    &[Self::Releasing, Self::Suspended]
                }
                Self::Releasing => &[Self::Suspended],
                Self::Succeeded | Self::Failed | Self::Suspended => &[],
            },
            Event::Resume => match self {
                Self::Releasing => &[Self::Pending],
                Self::Suspended => &RESUMED,
                _ => &[],
            },
            Event::Stop => match self {
                Self::Pending | Self::Connecting | Self::Requesting | Self::Running => {
                    &[Self::Releasing, Self::Failed]
                }
                Self::Releasing => &[Self::Failed],
                Self::Suspended => &[Self::Releasing, Self::Failed],
                Self::Succeeded | Self::Failed => &[],
            },
        }
    }

    /// Whether `event` may lead from here to `next`. Staying is always allowed.
    pub fn may_become(self, next: Self, event: Event) -> bool {
        self == next || self.after(event).contains(&next)
    }

    /// Where the attempt itself may go from here.
    fn onward(self) -> &'static [Self] {
        const ON: [Phase; 6] = [
            Phase::Connecting,
            Phase::Requesting,
            Phase::Running,
            Phase::Releasing,
            Phase::Succeeded,
            Phase::Failed,
        ];
        match self {
            Self::Pending => &ON,
            Self::Connecting => ON.split_at(1).1,
            Self::Requesting => ON.split_at(2).1,
            Self::Running => ON.split_at(3).1,
            // Pending by a retry, Suspended by a suspension that was asked for before. A driver that was to go and may stay, since
            // what was to befall it was called off, is where it was.
            Self::Releasing => &[
                Self::Succeeded,
                Self::Failed,
                Self::Suspended,
                Self::Pending,
                Self::Connecting,
                Self::Requesting,
                Self::Running,
            ],
            // A driver turns up that was started before the suspension was known of.
            Self::Suspended => &[Self::Releasing, Self::Succeeded, Self::Failed],
            Self::Succeeded | Self::Failed => &[],
        }
    }
}

/// A driver is started before the status tells of it, so that whatever it does may be the first that is told after a
/// suspension.
const RESUMED: [Phase; 7] = [
    Phase::Pending,
    Phase::Connecting,
    Phase::Requesting,
    Phase::Running,
    Phase::Releasing,
    Phase::Succeeded,
    Phase::Failed,
];

impl Event {
    /// Every event.
    pub const ALL: [Self; 6] =
        [Self::Observed, Self::Retry, Self::NewRun, Self::Suspend, Self::Resume, Self::Stop];
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One row a phase, one column an event: the letters of the phases that it may lead to.
    /// P(ending) C(onnecting) Q(requesting) R(unning) L(releasing) S(ucceeded) F(ailed) Z(suspended)
    const TABLE: &str = "
        phase       Observed Retry NewRun Suspend Resume Stop
        Pending     CQRLSF   L     L      LZ      -      LF
        Connecting  QRLSF    PL    PL     LZ      -      LF
        Requesting  RLSF     PL    PL     LZ      -      LF
        Running     LSF      PL    PL     LZ      -      LF
        Releasing   SFZPCQR  P     P      Z       P      F
        Succeeded   -        -     PZ     -       -      -
        Failed      -        -     PZ     -       -      -
        Suspended   LSF      P     P      -       PCQRLSF LF
    ";

    fn letter(phase: Phase) -> char {
        match phase {
            Phase::Pending => 'P',
            Phase::Connecting => 'C',
            Phase::Requesting => 'Q',
            Phase::Running => 'R',
            Phase::Releasing => 'L',
            Phase::Succeeded => 'S',
            Phase::Failed => 'F',
            Phase::Suspended => 'Z',
        }
    }

    #[test]
    fn every_phase_goes_where_the_table_says_and_nowhere_else() {
        let rows: Vec<Vec<&str>> = TABLE
            .lines()
            .skip(2)
            .map(|row| row.split_whitespace().collect())
            .filter(|row: &Vec<_>| row.len() > 1)
            .collect();
        assert_eq!(rows.len(), Phase::ALL.len());
        for (phase, row) in Phase::ALL.into_iter().zip(rows) {
            assert_eq!(phase.as_str(), row[0]);
            for (event, allowed) in Event::ALL.into_iter().zip(&row[1..]) {
                for next in Phase::ALL {
                    let expected = next == phase || allowed.contains(letter(next));
                    assert_eq!(phase.may_become(next, event), expected, "{phase:?} by {event:?} to {next:?}");
                }
            }
        }
    }

    #[test]
    fn the_text_is_the_one_that_is_serialized() {
        for phase in Phase::ALL {
            assert_eq!(serde_json::to_value(phase).ok(), Some(phase.as_str().into()));
        }
    }

    proptest! {
        #[test]
        fn a_final_phase_is_left_only_by_a_new_run(
            steps in proptest::collection::vec((0..Event::ALL.len(), 0..Phase::ALL.len()), 0..64)
        ) {
            let mut phase = Phase::Pending;
            for (event, next) in steps {
                let (event, next) = (Event::ALL[event], Phase::ALL[next]);
                if phase.may_become(next, event) {
                    prop_assert!(!phase.is_final() || next == phase || event == Event::NewRun);
                    phase = next;
                }
            }
        }
    }
}
