//! PURE: the frameworks and tasks of one attempt, picked from Mesos' lists and summed up.

use std::net::SocketAddr;

use jiff::Timestamp;
use lcmap_mesos::operator::{Framework, Frameworks, Resource, Task, Tasks};
use lcmap_mesos::{CERTIFICATE_LABEL, OFFERS_LABEL, OfferState, REFUSED_LABEL, UNREACHED_LABEL};
use lcmap_spark_agent::report::Expiry;
use lcmap_spark_crd::Reason;
use lcmap_spark_crd::status::Executors;

use super::executors::{failing, has_run, starting};
use super::offers;
use crate::core::{Connection, OnMesos, pod};

/// Names an attempt on Mesos by the id of its first framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttemptId(String);

impl AttemptId {
    /// The attempt whose first framework has this id.
    pub(crate) fn new(framework_id: String) -> Self {
        Self(framework_id)
    }

    /// Whether a framework belongs to the attempt. `-1` is a prefix of `-10`, so ids are compared as a whole.
    pub(crate) fn has(&self, framework_id: &str) -> bool {
        framework_id.strip_prefix(&self.0).is_some_and(|rest| {
            let number = rest.strip_prefix('-').unwrap_or_default();
            rest.is_empty() || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }
}

/// What an attempt has on Mesos.
pub(crate) fn on_mesos(frameworks: &Frameworks, tasks: &Tasks, attempt: &AttemptId) -> OnMesos {
    let alive: Vec<&Framework> = frameworks.frameworks.iter().filter(|it| attempt.has(&it.id)).collect();
    let ours = |task: &&Task| attempt.has(&task.framework_id);
    let running: Vec<&Task> =
        tasks.tasks.iter().filter(ours).filter(|task| task.state == "TASK_RUNNING").collect();
    // What an unreachable agent had counts as lost: Spark starts others in its place, and Mesos kills it once the agent is back.
    let ended: Vec<&Task> =
        tasks.completed_tasks.iter().chain(&tasks.unreachable_tasks).filter(ours).collect();
    let lives = |task: &&&Task| alive.iter().any(|it| it.id == task.framework_id);
    let of_living: Vec<&Task> = ended.iter().filter(lives).copied().collect();
    let count = |states: &[&str]| {
        let count = ended.iter().filter(|task| states.contains(&task.state.as_str())).count();
        i32::try_from(count).unwrap_or(i32::MAX)
    };
    let executors = Executors {
        running: i32::try_from(running.len()).unwrap_or(i32::MAX),
        failed: count(&["TASK_FAILED", "TASK_ERROR"]),
        lost: count(&["TASK_LOST", "TASK_DROPPED", "TASK_GONE", "TASK_GONE_BY_OPERATOR", "TASK_UNREACHABLE"]),
    };
    let seen =
        frameworks.completed_frameworks.iter().filter(|it| attempt.has(&it.id)).chain(alive.iter().copied());
    let registered = seen.filter_map(|it| it.registered).min();
    let amount = |name: &str| running.iter().map(|task| sum(&task.resources, name)).sum::<f64>();
    OnMesos {
        master: None,
        identity: None,
        frameworks: alive.iter().map(|it| it.id.clone()).collect(),
        connection: connection(&alive),
        registered: registered.and_then(|at| Timestamp::try_from(at).ok()),
        executors,
        has_run: !running.is_empty() || ended.iter().any(|task| has_run(task)),
        cores: whole(amount("cpus")),
        memory_mib: u64::try_from(whole(amount("mem"))).unwrap_or_default(),
        ui: None,
        unreached: label(&alive, UNREACHED_LABEL).map(str::to_owned),
        certificate: label(&alive, CERTIFICATE_LABEL).and_then(expiry),
        offers: label(&alive, OFFERS_LABEL)
            .and_then(OfferState::from_label)
            .map(offers::of_job)
            .unwrap_or_default(),
        role: None,
        looked: None,
        trouble: None,
        wait: if running.is_empty() { why_none_runs(&alive, &of_living, tasks, attempt) } else { None },
    }
}

/// Whether any of these frameworks that live has its driver: those of contexts that are over may wait for their timeout.
fn connection(alive: &[&Framework]) -> Connection {
    if alive.is_empty() || alive.iter().any(|it| it.connected) {
        Connection::Up
    } else if alive.iter().any(|it| it.recovered) {
        Connection::Awaited
    } else {
        Connection::Lost
    }
}

/// When the last of an attempt's frameworks that live was registered.
pub(crate) fn youngest(frameworks: &Frameworks, attempt: &AttemptId) -> Option<Timestamp> {
    let alive = frameworks.frameworks.iter().filter(|it| attempt.has(&it.id));
    Timestamp::try_from(alive.filter_map(|it| it.registered).max()?).ok()
}

/// Where Spark's web UI of an attempt is, by the last of its frameworks that live.
pub(crate) fn ui(frameworks: &Frameworks, attempt: &AttemptId) -> Option<SocketAddr> {
    let alive = frameworks.frameworks.iter().filter(|it| attempt.has(&it.id));
    let last = alive.filter(|it| it.webui_url.is_some()).max_by_key(|it| it.registered)?;
    pod::address(last.webui_url.as_deref()?)
}

/// Why no executor runs, as far as Mesos has anything to say of it.
fn why_none_runs(
    alive: &[&Framework],
    of_living: &[&Task],
    tasks: &Tasks,
    attempt: &AttemptId,
) -> Option<(Reason, String)> {
    let told = || label(alive, REFUSED_LABEL).map(refused);
    failing(of_living).or_else(told).or_else(|| {
        let all = tasks.tasks.iter().chain(&tasks.pending_tasks);
        starting(&all.filter(|task| attempt.has(&task.framework_id)).collect::<Vec<_>>())
    })
}

/// What the last of an attempt's frameworks that live says by a label, of those that say something by it.
fn label<'a>(alive: &[&'a Framework], label: &str) -> Option<&'a str> {
    let say =
        |it: &&&'a Framework| it.labels.iter().find(|(key, _)| key == label).map(|(_, value)| value.as_str());
    let last = alive.iter().filter(|it| say(it).is_some()).max_by_key(|it| it.registered)?;
    say(&last)
}

/// What [`CERTIFICATE_LABEL`] tells.
fn expiry(told: &str) -> Option<Expiry> {
    let (warn_from, at) = told.split_once('/')?;
    let second = |moment: &str| Some(moment.parse::<Timestamp>().ok()?.as_second());
    Some(Expiry { at: second(at)?, warn_from: second(warn_from)? })
}

/// Why no executor runs of a framework whose tasks the master refuses, by its ACLs say: of that its scheduler alone hears.
pub(crate) fn refused(why: &str) -> (Reason, String) {
    (Reason::ExecutorsFailing, format!("no executor has run yet; the master refuses them: {why}"))
}

/// So much of a resource, all roles together.
fn sum(resources: &[Resource], name: &str) -> f64 {
    resources.iter().filter(|it| it.name == name).filter_map(|it| it.amount).sum()
}

#[expect(clippy::cast_possible_truncation, reason = "cores and MiB of a cluster are far below 2^53")]
fn whole(amount: f64) -> i64 {
    amount.round() as i64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn framework(id: &str) -> Value {
        json!({"framework_info": {"id": {"value": id}, "name": "pi", "user": "lcmap"}, "active": true, "connected": true,
            "registered_time": {"nanoseconds": 1_700_000_000_000_000_000_u64}})
    }

    fn task(framework: &str, id: &str, state: &str, reason: &str, message: &str) -> Value {
        json!({"name": "pi 0", "task_id": {"value": id}, "framework_id": {"value": framework},
            "agent_id": {"value": "a"}, "state": state,
            "resources": [{"name": "cpus", "scalar": {"value": 2.0}}, {"name": "mem", "scalar": {"value": 1408.0}}],
            "statuses": [{"state": state, "reason": reason, "message": message}]})
    }

    #[test]
    fn an_id_is_an_attempts_only_as_a_whole() {
        let attempt = AttemptId::new("uid-1".into());
        for (id, has) in [
            ("uid-1", true),
            ("uid-1-2", true),
            ("uid-10", false),
            ("uid-1-", false),
            ("uid-1-x", false),
            ("x-uid-1", false),
        ] {
            assert_eq!(attempt.has(id), has, "{id}");
        }
    }

    #[test]
    fn executors_and_what_they_hold_are_counted() {
        let frameworks = read(json!({"frameworks": [framework("uid-1"), framework("uid-10")]}));
        let tasks = read(json!({
            "tasks": [task("uid-1", "0", "TASK_RUNNING", "", ""), task("uid-1", "1", "TASK_RUNNING", "", ""),
                task("uid-1", "2", "TASK_STAGING", "", ""), task("uid-10", "0", "TASK_RUNNING", "", "")],
            "completed_tasks": [task("uid-1", "3", "TASK_LOST", "", "")],
            "unreachable_tasks": [task("uid-1", "4", "TASK_UNREACHABLE", "", ""), task("uid-10", "1", "TASK_LOST", "", "")],
        }));
        let mesos = on_mesos(&frameworks, &tasks, &AttemptId::new("uid-1".into()));
        assert_eq!(mesos.frameworks, ["uid-1"]);
        assert_eq!(mesos.executors, Executors { running: 2, failed: 0, lost: 2 });
        assert_eq!((mesos.cores, mesos.memory_mib, mesos.wait), (4, 2816, None));
        assert_eq!(mesos.registered.unwrap().as_second(), 1_700_000_000);
    }

    #[test]
    fn a_driver_is_lost_when_none_of_its_frameworks_has_it() {
        let at = |connected: bool, recovered: bool| {
            let mut framework = framework("uid-1");
            (framework["connected"], framework["recovered"]) = (json!(connected), json!(recovered));
            framework
        };
        for (alive, connection) in [
            (vec![], Connection::Up),
            (vec![at(true, false)], Connection::Up),
            (vec![at(false, false), at(true, false)], Connection::Up),
            (vec![at(false, false)], Connection::Lost),
            (vec![at(false, true)], Connection::Awaited),
        ] {
            let frameworks = read(json!({"frameworks": alive}));
            let mesos = on_mesos(&frameworks, &Tasks::default(), &AttemptId::new("uid-1".into()));
            assert_eq!(mesos.connection, connection);
        }
    }

    #[test]
    fn executors_of_a_context_that_was_stopped_keep_nobody_waiting() {
        let frameworks =
            read(json!({"completed_frameworks": [framework("uid-1")], "frameworks": [framework("uid-1-2")]}));
        let tasks = read(json!({"completed_tasks": [task("uid-1", "0", "TASK_FAILED", "", "")]}));
        let mesos = on_mesos(&frameworks, &tasks, &AttemptId::new("uid-1".into()));
        assert_eq!((mesos.executors.failed, mesos.wait), (1, None));
    }

    #[test]
    fn the_youngest_registration_is_of_a_framework_that_lives() {
        let at = |id: &str, second: u64| {
            let mut framework = framework(id);
            framework["registered_time"]["nanoseconds"] = json!(second * 1_000_000_000);
            framework
        };
        let attempt = AttemptId::new("uid-1".into());
        let second = |frameworks: Value| youngest(&read(frameworks), &attempt).map(Timestamp::as_second);
        assert_eq!(
            second(json!({"frameworks": [at("uid-1", 5), at("uid-1-2", 9), at("uid-10", 12)]})),
            Some(9)
        );
        assert_eq!(second(json!({"completed_frameworks": [at("uid-1", 5)]})), None);
    }

    #[test]
    fn a_ui_is_that_of_the_last_framework_that_lives() {
        let at = |id: &str, second: u64, url: Option<&str>| {
            let mut framework = framework(id);
            framework["registered_time"]["nanoseconds"] = json!(second * 1_000_000_000);
            framework["framework_info"]["webui_url"] = json!(url);
            framework
        };
        let (first, second) = (Some("http://10.0.0.1:4040"), Some("http://10.0.0.1:4041"));
        for (frameworks, told) in [
            (vec![at("uid-1", 1, first), at("uid-1-2", 2, second)], Some("10.0.0.1:4041")),
            (vec![at("uid-1", 1, first), at("uid-1-2", 2, None)], Some("10.0.0.1:4040")),
            (vec![at("uid-10", 1, first)], None),
            (vec![at("uid-1", 1, Some("https://10.0.0.1:4440"))], None),
        ] {
            let ui = ui(&read(json!({"frameworks": frameworks})), &AttemptId::new("uid-1".into()));
            assert_eq!(ui.map(|it| it.to_string()).as_deref(), told, "{frameworks:?}");
        }
    }

    #[test]
    fn a_task_that_the_master_refuses_is_told_of_by_the_framework_itself() {
        let mut framework = framework("uid-1");
        framework["framework_info"]["labels"] =
            json!({"labels": [{"key": REFUSED_LABEL, "value": "TASK_ERROR: not authorized"}]});
        let frameworks = read(json!({"frameworks": [framework]}));
        let told = |tasks: Value| on_mesos(&frameworks, &read(tasks), &AttemptId::new("uid-1".into())).wait;
        let refused = Some(refused("TASK_ERROR: not authorized"));
        assert_eq!(told(json!({})), refused);
        assert_eq!(told(json!({"tasks": [task("uid-1", "0", "TASK_STAGING", "", "")]})), refused);
        assert_eq!(told(json!({"tasks": [task("uid-1", "0", "TASK_RUNNING", "", "")]})), None);
    }

    #[test]
    fn what_a_driver_tells_from_afar_is_that_of_its_last_framework_that_tells_it() {
        let at = |id: &str, second: u64, labels: Value| {
            let mut framework = framework(id);
            framework["registered_time"]["nanoseconds"] = json!(second * 1_000_000_000);
            framework["framework_info"]["labels"] = json!({"labels": labels});
            framework
        };
        let certificate = |told: &str| json!([{"key": CERTIFICATE_LABEL, "value": told}]);
        let (first, second) =
            ("1970-01-01T00:00:01Z/1970-01-01T00:00:02Z", "1970-01-01T00:00:03Z/1970-01-01T00:01:00Z");
        for (frameworks, told) in [
            (vec![at("uid-1", 1, certificate(first)), at("uid-1-2", 2, certificate(second))], Some((3, 60))),
            (vec![at("uid-1", 1, certificate(first)), at("uid-1-2", 2, json!([]))], Some((1, 2))),
            (vec![at("uid-10", 1, certificate(first))], None),
            (vec![at("uid-1", 1, certificate("soon"))], None),
        ] {
            let mesos = on_mesos(
                &read(json!({"frameworks": frameworks})),
                &Tasks::default(),
                &AttemptId::new("uid-1".into()),
            );
            assert_eq!(mesos.certificate.map(|it| (it.warn_from, it.at)), told, "{frameworks:?}");
        }
        let unreached = json!([{"key": UNREACHED_LABEL, "value": "10.0.0.5:4711"}]);
        let frameworks = read(json!({"frameworks": [at("uid-1", 1, unreached)]}));
        let mesos = on_mesos(&frameworks, &Tasks::default(), &AttemptId::new("uid-1".into()));
        assert_eq!(mesos.unreached.as_deref(), Some("10.0.0.5:4711"));
    }

    #[test]
    fn why_offers_are_declined_is_told_by_the_framework_that_gets_them() {
        let mut framework = framework("uid-1");
        let said = json!({"standstill": {"cause": "PortMissing", "words": "is 7500"}, "wantedSince": 60})
            .to_string();
        framework["framework_info"]["labels"] = json!({"labels": [{"key": OFFERS_LABEL, "value": said}]});
        let frameworks = read(json!({"frameworks": [framework]}));
        let mut mesos = on_mesos(&frameworks, &Tasks::default(), &AttemptId::new("uid-1".into()));
        assert_eq!(mesos.offers.wanted_since.unwrap().as_second(), 60);
        mesos.wait = Some((Reason::NoOffers, "check quota".into()));
        assert_eq!(mesos.hindered(None), Some((Reason::PortsNotOffered, "is 7500".to_owned())));
    }

    #[test]
    fn executors_that_fail_are_told_of_in_mesos_own_words() {
        let frameworks = read(json!({"frameworks": [framework("uid-1")]}));
        let tasks = read(json!({"completed_tasks": [
            task("uid-1", "0", "TASK_FAILED", "REASON_CONTAINER_LAUNCH_FAILED", "Failed to run 'docker pull no/such'"),
            task("uid-1", "1", "TASK_KILLED", "", ""),
        ]}));
        let (reason, message) = on_mesos(&frameworks, &tasks, &AttemptId::new("uid-1".into())).wait.unwrap();
        assert_eq!(reason, Reason::ExecutorsFailing);
        let expected = "1 executor has failed, the last one by REASON_CONTAINER_LAUNCH_FAILED: Failed to run 'docker pull no/such'";
        assert_eq!(message, expected);
    }
}
