//! Jobs and pods as the API server sends them, kept small and read with care.
//!
//! A job's spec and status stay text until they are looked at: text is small, and what cannot be read as a
//! `SparkJob`, however broken or deep, is then one job's trouble and not that of the whole list.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::net::SocketAddr;

use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Resource;
use lcmap_spark_crd::names::{ANNOTATION_ABANDON_FRAMEWORK, ANNOTATION_RERUN, GROUP, KIND, VERSION};
use lcmap_spark_crd::status::Executors;
use lcmap_spark_crd::{ConditionStatus, ConditionType, Phase, Reason, SparkJob};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::core::pod::{self, DriverPod};

/// Which job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct JobKey {
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A job, its spec and status unread.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct WatchedJob {
    #[serde(deserialize_with = "slim")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Option<Box<RawValue>>,
    #[serde(default)]
    status: Option<Box<RawValue>>,
}

/// Where a job stands, as far as a census needs it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its phase.
    pub(crate) phase: Option<Phase>,
    /// Its reason.
    pub(crate) reason: Option<Reason>,
    /// Whether somebody must mend something.
    pub(crate) is_stalled: bool,
    /// Whether its certificate is near its end, or past it.
    pub(crate) is_expiring: bool,
    /// The ordinal of its attempt.
    pub(crate) attempt: Option<i32>,
    /// Whether executors of it run on Mesos.
    pub(crate) has_executors: bool,
    /// Where Spark's web UI of its driver is, as its status tells.
    pub(crate) ui: Option<SocketAddr>,
    /// Since when it has been on its way, if it is, or held by something: since it last ran, ended, was held still or was created.
    pub(crate) since: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Place {
    phase: Option<Phase>,
    reason: Option<Reason>,
    attempt: Option<i32>,
    mesos: Option<OnMesos>,
    #[serde(rename = "uiUrl")]
    ui_url: Option<String>,
    #[serde(default)]
    conditions: Vec<Mark>,
}

#[derive(Deserialize)]
struct OnMesos {
    executors: Option<Executors>,
}

/// A condition without its words.
#[derive(Deserialize)]
struct Mark {
    #[serde(rename = "type")]
    type_: ConditionType,
    status: ConditionStatus,
    #[serde(rename = "lastTransitionTime")]
    since: Option<Time>,
}

impl WatchedJob {
    /// Which job it is.
    pub(crate) fn key(&self) -> JobKey {
        let meta = &self.metadata;
        JobKey {
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone().unwrap_or_default(),
        }
    }

    /// Its UID.
    pub(crate) fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// Its version.
    pub(crate) fn version(&self) -> &str {
        self.metadata.resource_version.as_deref().unwrap_or_default()
    }

    /// The job itself, or why it cannot be read.
    pub(crate) fn read(&self) -> Result<SparkJob, serde_json::Error> {
        let spec = serde_json::from_str(self.spec.as_deref().map_or("null", RawValue::get))?;
        let status = self.status.as_deref().map(|status| serde_json::from_str(status.get())).transpose()?;
        Ok(SparkJob { metadata: self.metadata.clone(), spec, status })
    }

    /// Its status as JSON, if it has one that can be read as such.
    pub(crate) fn status(&self) -> Option<serde_json::Value> {
        serde_json::from_str(self.status.as_deref()?.get()).ok()
    }

    /// Where it stands, by its status.
    pub(crate) fn standing(&self) -> Standing {
        let created = self.metadata.creation_timestamp.as_ref().map(|time| time.0);
        let status = self.status.as_deref().map_or("null", RawValue::get);
        let Ok(Some(place)) = serde_json::from_str(status) else {
            return Standing { since: created, ..Standing::default() };
        };
        let Place { phase, reason, attempt, mesos, ui_url, conditions } = place;
        let stalled =
            |mark: &Mark| mark.type_ == ConditionType::Stalled && mark.status == ConditionStatus::True;
        let expiring = |mark: &Mark| {
            mark.type_ == ConditionType::CertificatesValid && mark.status == ConditionStatus::False
        };
        // Each of them turns when a job stops running, or resting, or waiting for somebody to mend it.
        let turns = conditions.iter().filter(|mark| {
            use ConditionType::{DriverReady, Finished, Reconciling, Stalled};
            matches!(mark.type_, DriverReady | Finished | Reconciling | Stalled)
        });
        let turned = turns.filter_map(|mark| mark.since.as_ref()).map(|time| time.0).max();
        Standing {
            phase,
            reason,
            is_stalled: conditions.iter().any(stalled),
            is_expiring: conditions.iter().any(expiring),
            attempt,
            has_executors: mesos.and_then(|mesos| mesos.executors).is_some_and(|it| it.running > 0),
            ui: ui_url.as_deref().and_then(pod::address),
            since: turned.or(created),
        }
    }
}

/// How the version of an object that is known compares with one that is heard.
///
/// Resource versions of one kind are numbers that grow, and clients may compare them
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions>, KEP-5504). Of others, which an API server
/// with a store of its own may have, nothing is known but whether they are the same: then what is heard last counts.
pub(crate) fn compare(known: &str, heard: &str) -> Ordering {
    match (known.parse::<u64>(), heard.parse::<u64>()) {
        _ if known == heard => Ordering::Equal,
        (Ok(known), Ok(heard)) => known.cmp(&heard),
        _ => Ordering::Less,
    }
}

/// Metadata without what is not used: `managedFields` alone is often larger than the rest of an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Slim {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    #[serde(default)]
    finalizers: Vec<String>,
    #[serde(default)]
    annotations: Annotations,
}

#[derive(Default, Deserialize)]
struct Annotations {
    #[serde(rename = "lcmap.usgs.gov/rerun")]
    rerun: Option<String>,
    #[serde(rename = "lcmap.usgs.gov/abandon-framework")]
    abandon_framework: Option<String>,
}

fn slim<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let slim = Slim::deserialize(deserializer)?;
    let annotations = [
        (ANNOTATION_RERUN, slim.annotations.rerun),
        (ANNOTATION_ABANDON_FRAMEWORK, slim.annotations.abandon_framework),
    ];
    let annotations = annotations.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Ok(ObjectMeta {
        name: slim.name,
        namespace: slim.namespace,
        uid: slim.uid,
        resource_version: slim.resource_version,
        generation: slim.generation,
        creation_timestamp: slim.creation_timestamp,
        deletion_timestamp: slim.deletion_timestamp,
        finalizers: Some(slim.finalizers).filter(|finalizers| !finalizers.is_empty()),
        annotations: Some(annotations.collect()),
        ..ObjectMeta::default()
    })
}

impl Resource for WatchedJob {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        KIND.into()
    }

    fn group((): &()) -> Cow<'_, str> {
        GROUP.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        VERSION.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "sparkjobs".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// A driver pod, as far as it is looked at.
#[derive(Debug, Clone)]
pub(crate) struct WatchedPod {
    metadata: ObjectMeta,
    /// The pod.
    pub(crate) pod: DriverPod,
}

impl WatchedPod {
    /// The job that it is labelled with.
    pub(crate) fn job(&self) -> Option<JobKey> {
        let name = self.pod.job()?.to_owned();
        Some(JobKey { namespace: self.pod.metadata.namespace.clone(), name })
    }

    /// Its version.
    pub(crate) fn version(&self) -> &str {
        &self.pod.metadata.resource_version
    }
}

impl<'de> Deserialize<'de> for WatchedPod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pod = DriverPod::deserialize(deserializer)?;
        let metadata = ObjectMeta {
            name: Some(pod.metadata.name.clone()),
            namespace: Some(pod.metadata.namespace.clone()),
            resource_version: Some(pod.metadata.resource_version.clone()),
            ..ObjectMeta::default()
        };
        Ok(Self { metadata, pod })
    }
}

impl Resource for WatchedPod {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "Pod".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "pods".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
