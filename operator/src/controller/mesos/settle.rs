//! The end of an attempt's frameworks on Mesos.

use lcmap_mesos::operator::{Framework, Frameworks, Operator, Teardown};
use lcmap_mesos::{FrameworkInfo, Settings, release};
use lcmap_spark_crd::Reason;

use super::attempts::{Debt, Subject};
use super::reason;
use crate::core;

/// How much of what runs a master may not have heard of yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    /// All its agents have reported.
    Complete,
    /// So many agents that it knows from its registry have not reported since it leads.
    Lacks(usize),
}

impl Hearing {
    /// What a master had heard of, by how many agents were missing before and after it listed its frameworks: those that
    /// reported in between may have told of some that the list left out.
    pub(super) fn around(before: usize, after: usize) -> Self {
        match before.max(after) {
            0 => Self::Complete,
            agents => Self::Lacks(agents),
        }
    }
}

/// Sees to it that nothing is left of an attempt: tears down what lives, and asks for what is not listed, since what a
/// principal may not see is not gone.
pub(super) async fn settle(
    operator: &mut Operator,
    settings: &Settings,
    (subject, debt): (&Subject, &Debt),
    listed: &Frameworks,
    hearing: Hearing,
) -> core::Frameworks {
    let mut ids = debt.ids.clone();
    ids.extend(listed.frameworks.iter().map(|framework| framework.id.clone()));
    let mut left = Vec::new();
    let mut why = None;
    for id in ids {
        let living = listed.frameworks.iter().find(|framework| framework.id == id);
        if living.is_none() && listed.completed_frameworks.iter().any(|framework| framework.id == id) {
            continue;
        }
        match release(operator, settings, info(&id, living, subject)).await {
            Ok(Teardown::Done) => {
                tracing::info!(framework = id, "tore down a framework that its driver had left");
            }
            Ok(Teardown::AlreadyGone) if hearing == Hearing::Complete => {}
            Ok(Teardown::AlreadyGone) => left.push(id),
            Err(error) => {
                why = Some((reason(error.kind()), error.to_string()));
                left.push(id);
            }
        }
    }
    outcome(debt, left, why, hearing)
}

/// What became of a debt. Where a master has not heard of all agents, one more framework of the attempt may be there, whose id
/// nobody knows: that all known ones are gone says nothing then.
fn outcome(
    debt: &Debt,
    left: Vec<String>,
    why: Option<(Reason, String)>,
    hearing: Hearing,
) -> core::Frameworks {
    let (reason, message) = match (why, hearing) {
        (Some(why), _) => why,
        (None, Hearing::Complete) => return core::Frameworks::Gone,
        (None, Hearing::Lacks(agents)) => {
            let agents = super::agents(agents);
            let message =
                format!("the leading master has not heard of {agents} yet, where it may have executors");
            (Reason::TearingDown, message)
        }
    };
    let ids = if left.is_empty() { debt.ids.iter().cloned().collect() } else { left };
    core::Frameworks::Left { ids, reason, message }
}

/// What a framework said of itself, as far as it is known: it can be taken over only as what it was.
pub(super) fn info(id: &str, living: Option<&Framework>, subject: &Subject) -> FrameworkInfo {
    let user = living.map_or(subject.user.as_str(), |framework| &framework.user);
    let role = living.and_then(|framework| framework.roles.first()).or(subject.role.as_ref());
    let info = FrameworkInfo::new(user, "lcmap-spark: teardown").with_id(id);
    match role {
        Some(role) => info.with_role(role),
        None => info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_complete_only_if_no_agent_was_missing_before_it_nor_after() {
        for (before, after, hearing) in [
            (0, 0, Hearing::Complete),
            (2, 0, Hearing::Lacks(2)),
            (0, 1, Hearing::Lacks(1)),
            (3, 1, Hearing::Lacks(3)),
        ] {
            assert_eq!(Hearing::around(before, after), hearing, "{before} before, {after} after");
        }
    }

    #[test]
    fn nothing_is_gone_while_an_agent_that_is_missing_may_have_one_more_framework() {
        let debt = Debt::of("u-1");
        let refused = || Some((Reason::MesosUnreachable, "no route".to_owned()));
        for (left, why, hearing, told) in [
            (vec![], None, Hearing::Complete, None),
            (vec![], None, Hearing::Lacks(1), Some(Reason::TearingDown)),
            (vec!["u-1".to_owned()], None, Hearing::Lacks(1), Some(Reason::TearingDown)),
            (vec!["u-1".to_owned()], refused(), Hearing::Complete, Some(Reason::MesosUnreachable)),
        ] {
            let ids = match outcome(&debt, left, why, hearing) {
                core::Frameworks::Left { ids, reason, .. } => Some((ids, reason)),
                _ => None,
            };
            assert_eq!(ids, told.map(|reason| (vec!["u-1".to_owned()], reason)), "{hearing:?}");
        }
    }
}
