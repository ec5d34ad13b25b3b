//! PURE: why Mesos gives a framework no executor.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use lcmap_mesos::operator::{Agent, Resource};
use lcmap_spark_crd::{Reason, SparkJobSpec};

use super::ports;
use super::room::{Nearest, Room, amount};
use crate::core::OnMesos;

/// What Spark takes for the heap of an executor that asks for none, in MiB (`spark.executor.memory`, Spark 3.5).
const DEFAULT_MEMORY_MIB: u64 = 1024;

/// The least that an executor needs beside its heap, in MiB (`MesosSchedulerUtils.MEMORY_OVERHEAD_MINIMUM`, Spark 3.5).
const LEAST_OVERHEAD_MIB: u64 = 384;

/// How long offers may be on their way: the allocator's rounds, and frameworks that hold some for a while.
const USUAL_OFFER: Duration = Duration::from_secs(30);

/// What one executor needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Need {
    cores: f64,
    memory_mib: f64,
    constraints: BTreeMap<String, Vec<String>>,
    /// The port that it is to have, if one is pinned.
    port: Option<u64>,
    /// The role whose resources it takes.
    role: String,
    /// The cores of all executors together, if they are limited.
    total_cores: Option<i64>,
}

impl Need {
    /// What one executor of a job needs. One without a number of cores takes all that an agent offers.
    pub(crate) fn of(spec: &SparkJobSpec) -> Self {
        let heap = spec.executor.memory.map_or(DEFAULT_MEMORY_MIB, lcmap_spark_crd::Memory::mib);
        let overhead = spec.executor.memory_overhead.map(lcmap_spark_crd::Memory::mib);
        let needed = heap.saturating_add(overhead.unwrap_or((heap / 10).max(LEAST_OVERHEAD_MIB)));
        let constraints = spec.mesos.constraints.clone();
        Self {
            cores: f64::from(spec.executor.cores.unwrap_or(1)),
            memory_mib: f64::from(u32::try_from(needed).unwrap_or(u32::MAX)),
            constraints,
            port: ports::pinned(spec),
            role: spec.mesos.role.clone().filter(|role| !role.is_empty()).unwrap_or_else(|| "*".to_owned()),
            total_cores: spec.executor.total_cores.map(i64::from),
        }
    }

    /// Why an attempt has no executors, or no more, as far as that is known. `youngest` is when the last of its frameworks that
    /// live was registered: who has none asks for nothing. Without a look at the agents only what executors hold is judged.
    pub(crate) fn why(
        &self,
        seen: &OnMesos,
        youngest: Option<Timestamp>,
        agents: Option<&[Agent]>,
        now: Timestamp,
    ) -> Option<(Reason, String)> {
        let youngest = youngest?;
        if seen.executors.running > 0 {
            return self.reached_by(seen.cores);
        }
        // A driver that had executors may want none at the moment; only the driver knows.
        let overdue = || if seen.has_run { None } else { unoffered(youngest, now) };
        self.unmet_by(agents?).or_else(overdue)
    }

    /// Whether executors hold all the cores that they may: Spark gives each as many as it asks for, or none.
    fn reached_by(&self, cores: i64) -> Option<(Reason, String)> {
        let most = self.total_cores?;
        let each = whole(self.cores).max(1);
        let message = match most - most % each {
            useful if cores < useful => return None,
            useful if useful < most => {
                format!(
                    "executors hold {cores} of the {most} cores that executor.totalCores allows, and one more needs {each}"
                )
            }
            _ => format!("executors hold all {most} cores that executor.totalCores allows"),
        };
        Some((Reason::CoresMaxReached, message))
    }

    /// Why none of these agents holds an executor, if that is so.
    pub(crate) fn unmet_by(&self, agents: &[Agent]) -> Option<(Reason, String)> {
        let room = self.room(agents);
        if room.agents == 0 {
            return Some((Reason::NoOffers, "Mesos has no agent at the moment".to_owned()));
        }
        if room.fitting == 0 {
            let wanted: Vec<&str> = self.constraints.keys().map(String::as_str).collect();
            let message = format!(
                "none of {} Mesos agents has the attributes that mesos.constraints asks for ({})",
                room.agents,
                wanted.join(", ")
            );
            return Some((Reason::ConstraintsUnmet, message));
        }
        if room.executors > 0 {
            return None;
        }
        if let Some(message) = self.port.and_then(|port| self.without_port(port, agents)) {
            return Some((Reason::PortsNotOffered, message));
        }
        let nearest = room.nearest.map(|nearest| format!("; {nearest}")).unwrap_or_default();
        Some((Reason::OffersTooSmall, format!("an executor needs {self}{nearest}")))
    }

    /// What room these agents have for executors now.
    pub(crate) fn room(&self, agents: &[Agent]) -> Room {
        let active: Vec<&Agent> = agents.iter().filter(|agent| agent.active).collect();
        let fitting: Vec<&&Agent> = active.iter().filter(|agent| self.allows(agent)).collect();
        let nearest = fitting.iter().map(|agent| self.measure(agent));
        Room {
            agents: active.len(),
            fitting: fitting.len(),
            executors: fitting.iter().map(|agent| self.fits(agent)).sum(),
            nearest: nearest.min_by(|one, other| one.short.total_cmp(&other.short)),
        }
    }

    /// Why it is for its port that no agent holds one, if it is.
    fn without_port(&self, port: u64, agents: &[Agent]) -> Option<String> {
        let fitting = agents.iter().filter(|agent| agent.active && self.allows(agent));
        let offered =
            ports::of(fitting.flat_map(|agent| &agent.total).filter(|resource| self.may_take(resource)));
        if !offered.contains(port) {
            return Some(ports::missing(port, &offered));
        }
        let anywhere = Self { port: None, ..self.clone() };
        (anywhere.room(agents).executors > 0).then(|| ports::taken(port))
    }

    /// How near an agent comes to holding one executor.
    fn measure(&self, agent: &Agent) -> Nearest {
        let (cores, memory_mib) = (self.free(agent, "cpus"), self.free(agent, "mem"));
        let lacks = ((self.cores - cores).max(0.0), (self.memory_mib - memory_mib).max(0.0));
        Nearest {
            host: agent.hostname.clone(),
            role: self.role.clone(),
            free: (cores, memory_mib),
            lacks,
            short: (lacks.0 / self.cores).max(lacks.1 / self.memory_mib),
        }
    }

    /// How many executors fit into what an agent has left.
    fn fits(&self, agent: &Agent) -> u64 {
        let (cores, memory_mib) = (self.free(agent, "cpus"), self.free(agent, "mem"));
        let most =
            u64::try_from(whole((cores / self.cores).min(memory_mib / self.memory_mib))).unwrap_or_default();
        let Some(port) = self.port else { return most };
        let has = ports::of(agent.total.iter().filter(|it| self.may_take(it))).contains(port);
        let is_used = ports::of(agent.allocated.iter()).contains(port);
        most.min(u64::from(has && !is_used))
    }

    /// What an agent has left for this role: what is reserved for another is not free.
    fn free(&self, agent: &Agent, name: &str) -> f64 {
        let ours = |resources: &[Resource]| {
            let ours = resources.iter().filter(|it| it.name == name && self.may_take(it));
            ours.filter_map(|it| it.amount).sum::<f64>()
        };
        ours(&agent.total) - ours(&agent.allocated)
    }

    /// Whether a resource is anybody's, or reserved for this role or one that this is part of (`a` for `a/b`).
    fn may_take(&self, resource: &Resource) -> bool {
        resource.reserved.as_ref().is_none_or(|role| {
            let below = self.role.strip_prefix(role.as_str());
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        })
    }

    /// Whether an agent has every attribute with one of its values. Attributes without text are compared by Mesos and Spark alone.
    fn allows(&self, agent: &Agent) -> bool {
        self.constraints.iter().all(|(name, values)| {
            agent.attributes.iter().any(|(attribute, text)| {
                attribute == name
                    && (values.is_empty() || text.as_ref().is_none_or(|text| values.contains(text)))
            })
        })
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&amount((self.cores, self.memory_mib)))
    }
}

/// What keeps executors from a framework for which there is room: nobody but the master's allocator knows.
fn unoffered(registered: Timestamp, now: Timestamp) -> Option<(Reason, String)> {
    let waited = now.duration_since(registered).unsigned_abs();
    (waited >= USUAL_OFFER).then(|| {
        let message = format!(
            "agents have room for an executor, and none was launched within {} s: check quota, weight and reservations of \
             mesos.role, and whether the master's ACLs let it have offers and run tasks as mesos.user (with masters before 1.9 it \
             may be Spark that declines what it is offered: the driver's log tells)",
            USUAL_OFFER.as_secs()
        );
        (Reason::NoOffers, message)
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
fn whole(amount: f64) -> i64 {
    amount as i64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn agent(rack: &str, cpus: f64, mem: f64) -> Agent {
        let scalar = |name: &str, value: f64| json!({"name": name, "scalar": {"value": value}});
        let agent = json!({"active": true, "total_resources": [scalar("cpus", 8.0), scalar("mem", 8192.0)],
            "allocated_resources": [scalar("cpus", 8.0 - cpus), scalar("mem", 8192.0 - mem)],
            "agent_info": {"id": {"value": rack}, "hostname": rack, "attributes": [{"name": "rack", "text": {"value": rack}}]}});
        serde_json::from_value(agent).unwrap()
    }

    fn need(racks: &[&str]) -> Need {
        let spec = json!({"mode": "Distributed", "run": {"submit": {"application": "local:///a.py"}},
            "executor": {"cores": 2, "memory": "2g"},
            "mesos": {"constraints": if racks.is_empty() { json!({}) } else { json!({"rack": racks}) }}});
        Need::of(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn what_stands_in_the_way_of_an_executor_is_named() {
        let reason = |need: Need, agents: &[Agent]| need.unmet_by(agents).map(|(reason, _)| reason);
        assert_eq!(reason(need(&[]), &[]), Some(Reason::NoOffers));
        assert_eq!(reason(need(&["r9"]), &[agent("r1", 8.0, 8192.0)]), Some(Reason::ConstraintsUnmet));
        assert_eq!(
            reason(need(&[]), &[agent("r1", 1.0, 8192.0), agent("r2", 8.0, 100.0)]),
            Some(Reason::OffersTooSmall)
        );
        assert_eq!(
            reason(need(&["r1"]), &[agent("r1", 1.0, 8192.0), agent("r2", 8.0, 8192.0)]),
            Some(Reason::OffersTooSmall)
        );
        assert_eq!(reason(need(&["r2"]), &[agent("r2", 2.0, 2432.0)]), None);
    }

    #[test]
    fn by_how_much_offers_are_too_small_is_told_of_the_one_agent_that_comes_nearest() {
        for (agents, words) in [
            (
                &[agent("r1", 1.5, 4000.0)][..],
                "r1, has 1.5 cores and 4000 MiB free for the role *: it lacks 0.5 core",
            ),
            (
                &[agent("r1", 8.0, 1024.0), agent("r2", 0.0, 8192.0), agent("r3", 8.0, 2048.0)],
                "r3, has 8 cores and 2048 MiB free for the role *: it lacks 384 MiB",
            ),
            (&[agent("r1", 1.0, 432.0)], "it lacks 1 core and 2000 MiB"),
        ] {
            let (_, message) = need(&[]).unmet_by(agents).unwrap();
            assert!(message.starts_with("an executor needs 2 cores and 2432 MiB; the agent"), "{message}");
            assert!(message.ends_with(words), "{message}");
        }
    }

    #[test]
    fn what_is_reserved_for_another_role_is_not_free() {
        let reserved = |role: &str| {
            let mut agent = agent("r1", 8.0, 8192.0);
            agent.total.iter_mut().for_each(|it| it.reserved = Some(role.to_owned()));
            agent
        };
        for (role, reserved_for, executors) in [
            (None, "science", 0),
            (Some("science"), "science", 3),
            (Some("science/maps"), "science", 3),
            (Some("sciences"), "science", 0),
            (Some("science"), "science/maps", 0),
        ] {
            let mut need = need(&[]);
            need.role = role.unwrap_or("*").to_owned();
            assert_eq!(need.room(&[reserved(reserved_for)]).executors, executors, "{role:?} {reserved_for}");
        }
    }

    #[test]
    fn a_port_that_agents_do_not_have_is_told_with_those_that_they_have() {
        let ports = |agent: &mut Agent, allocated: bool, range: std::ops::RangeInclusive<u64>| {
            let range = json!({"begin": range.start(), "end": range.end()});
            let ports = json!({"name": "ports", "type": "RANGES", "ranges": {"range": [range]}});
            let ports = serde_json::from_value(ports).unwrap();
            if allocated { agent.allocated.push(ports) } else { agent.total.push(ports) }
        };
        let (mut free, mut taken) = (agent("r1", 8.0, 8192.0), agent("r2", 8.0, 8192.0));
        for agent in [&mut free, &mut taken] {
            ports(agent, false, 31000..=31999);
        }
        ports(&mut taken, true, 31007..=31007);
        for (port, agents, executors, words) in [
            ("0", &[free.clone()][..], 3, None),
            ("31007", &[free.clone()], 1, None),
            ("31007", &[free.clone(), taken.clone()], 1, None),
            ("31007", &[taken.clone()], 0, Some("somebody uses that port")),
            (
                "7500",
                &[free, taken],
                0,
                Some("is 7500, and the ports of agents are 31000-31999: leave it out"),
            ),
            ("7500", &[agent("r1", 8.0, 8192.0)], 0, Some("the ports of agents are none")),
        ] {
            let need = Need { port: port.parse().ok().filter(|port| *port != 0), ..need(&[]) };
            assert_eq!(need.room(agents).executors, executors, "{port}");
            let told = need.unmet_by(agents);
            assert_eq!(told.as_ref().map(|(reason, _)| *reason), words.map(|_| Reason::PortsNotOffered));
            let message = told.map(|(_, message)| message).unwrap_or_default();
            assert!(message.contains(words.unwrap_or_default()), "{message}");
        }
    }

    #[test]
    fn all_cores_are_held_when_no_executor_more_may_have_its_own() {
        for (total, held, words) in [
            (Some(5), 2, None),
            (Some(5), 4, Some("4 of the 5 cores")),
            (Some(4), 4, Some("all 4 cores")),
            (Some(4), 2, None),
            (None, 100, None),
        ] {
            let need = Need { total_cores: total, ..need(&[]) };
            let told = need.reached_by(held).map(|(_, message)| message);
            let is_told = told.as_ref().zip(words).is_some_and(|(told, words)| told.contains(words));
            assert!(told.is_none() && words.is_none() || is_told, "{held} of {total:?}: {told:?}");
        }
    }

    #[test]
    fn who_gets_nothing_though_there_is_room_is_told_where_to_look() {
        let agents = [agent("r1", 8.0, 8192.0)];
        let first = Some(Timestamp::UNIX_EPOCH);
        let seen = OnMesos { registered: first, ..OnMesos::default() };
        let after = |youngest, seconds| {
            need(&[]).why(&seen, youngest, Some(&agents), Timestamp::from_second(seconds).unwrap())
        };
        assert_eq!(after(first, 29), None);
        let (reason, message) = after(first, 34).unwrap();
        assert_eq!(reason, Reason::NoOffers);
        assert!(message.contains("mesos.role") && message.contains("30 s"), "{message}");
        assert_eq!(
            after(Some(Timestamp::from_second(30).unwrap()), 34),
            None,
            "a second context has just asked"
        );
    }

    #[test]
    fn who_may_want_no_executor_is_told_nothing_that_is_not_known() {
        let room = [agent("r1", 8.0, 8192.0)];
        let hour = Timestamp::from_second(3600).unwrap();
        let first = Some(Timestamp::UNIX_EPOCH);
        for (has_run, youngest, agents, told) in [
            (false, first, Some(&room[..]), Some(Reason::NoOffers)),
            (true, first, Some(&room[..]), None),
            (false, None, Some(&room[..]), None),
            (false, None, Some(&[][..]), None),
            (false, first, None, None),
            (true, first, Some(&[][..]), Some(Reason::NoOffers)),
        ] {
            let seen = OnMesos { registered: first, has_run, ..OnMesos::default() };
            let why = need(&[]).why(&seen, youngest, agents, hour);
            assert_eq!(why.map(|(reason, _)| reason), told, "has run: {has_run}, registered {youngest:?}");
        }
    }
}
