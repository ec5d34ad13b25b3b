//! The namespaces whose jobs are managed: all, named ones, or those with some labels.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::ListParams;
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, ResourceExt};

use super::error::OperatorError;
use super::metrics::Watched;
use super::watch::Watches;
use super::writer::limited;

/// What the API server answers to a selector that it cannot read.
const BAD_REQUEST: u16 = 400;

/// The namespaces whose jobs are managed.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// Everybody's.
    All,
    /// Those of these namespaces; each has a watch of its own.
    Named(Vec<String>),
    /// Those of the namespaces that have the labels at the moment.
    Labelled {
        /// The labels, as a selector.
        selector: String,
        /// The namespaces that have them.
        chosen: Arc<Mutex<HashSet<String>>>,
    },
}

impl Scope {
    /// The scope that a command line asks for.
    pub(crate) fn new(namespaces: &[String], selector: Option<&str>) -> Self {
        let namespaces: Vec<_> = namespaces.iter().filter(|name| !name.is_empty()).cloned().collect();
        match selector.filter(|selector| !selector.is_empty()) {
            Some(selector) => Self::Labelled { selector: selector.to_owned(), chosen: Arc::default() },
            None if namespaces.is_empty() => Self::All,
            None => Self::Named(namespaces),
        }
    }

    /// Refuses a selector that the API server cannot read. Where it cannot be asked now, watching tells later.
    pub(crate) async fn check(&self, client: &Client) -> Result<(), OperatorError> {
        let Self::Labelled { selector, .. } = self else { return Ok(()) };
        let namespaces = Api::<Namespace>::all(client.clone());
        let params = ListParams::default().labels(selector).limit(1);
        match limited(namespaces.list_metadata(&params)).await {
            Err(kube::Error::Api(refused)) if refused.code == BAD_REQUEST => Err(OperatorError::Setting {
                flag: "--namespace-selector",
                message: format!("{}; write labels as in `team=water,env!=test`", refused.message),
            }),
            _ => Ok(()),
        }
    }

    /// The ranges that are watched: single namespaces, or all at once.
    pub(crate) fn ranges(&self) -> Vec<Option<String>> {
        match self {
            Self::All | Self::Labelled { .. } => vec![None],
            Self::Named(names) => names.iter().cloned().map(Some).collect(),
        }
    }

    /// How many watches there are: two a range, of jobs and of pods.
    pub(crate) fn watches(&self) -> usize {
        self.ranges().len() * 2
    }

    /// Whether the jobs of a namespace are looked after now.
    pub(crate) fn includes(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| name == namespace),
            Self::Labelled { chosen, .. } => {
                chosen.lock().unwrap_or_else(PoisonError::into_inner).contains(namespace)
            }
        }
    }

    /// Follows the labels of namespaces, for ever. A namespace that gets them has its jobs looked after from then on.
    pub(crate) async fn follow(self, watches: Watches) {
        let Self::Labelled { selector, chosen } = self else { return std::future::pending().await };
        let namespaces = Api::<PartialObjectMeta<Namespace>>::all(watches.client.clone());
        let events = watcher(namespaces, watcher::Config::default().labels(&selector)).default_backoff();
        let mut events = pin!(events);
        let mut listed = HashSet::new();
        let set = |change: &dyn Fn(&mut HashSet<String>)| {
            change(&mut chosen.lock().unwrap_or_else(PoisonError::into_inner));
        };
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => listed.clear(),
                Ok(Event::InitApply(namespace)) => {
                    listed.insert(namespace.name_any());
                }
                Ok(Event::InitDone) => {
                    let now = std::mem::take(&mut listed);
                    set(&|chosen| chosen.clone_from(&now));
                    watches.look_at_all(None);
                }
                Ok(Event::Apply(namespace)) => {
                    let name = namespace.name_any();
                    set(&|chosen| {
                        chosen.insert(name.clone());
                    });
                    watches.look_at_all(Some(&name));
                }
                Ok(Event::Delete(namespace)) => set(&|chosen| {
                    chosen.remove(&namespace.name_any());
                }),
                Err(error) => {
                    watches.metrics.watch_restarted(Watched::Namespace);
                    tracing::warn!(%error, "the watch of namespaces broke off and is begun again");
                }
            }
        }
    }
}
