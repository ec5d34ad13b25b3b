//! A manifest's pod template, judged before a cluster sees it.

use lcmap_spark_crd::admission::Violation;
use lcmap_spark_crd::spec::PodTemplate;
use serde_json::Value;

use crate::core::pod::{TemplateFaults, template_faults};
use crate::manifest::Manifest;

/// What a cluster would say of a template.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// Why no driver would be started.
    pub(crate) refused: Vec<Violation>,
    /// What may be a mistake.
    pub(crate) doubtful: Vec<Violation>,
}

/// Judges the template of a manifest, whatever else is wrong with the manifest.
pub(crate) fn judge(manifest: &Manifest) -> Judgement {
    let part = |name: &str| {
        let part = manifest.value.pointer(&format!("/spec/pod/{name}")).and_then(Value::as_object);
        part.cloned().unwrap_or_default()
    };
    let template = PodTemplate { metadata: part("metadata"), spec: part("spec") };
    if template == PodTemplate::default() {
        return Judgement::default();
    }
    let TemplateFaults { unfit, refused, doubtful } = template_faults(&template);
    let unfit = unfit.into_iter().map(|misfit| misfit.violation);
    let mut refused: Vec<_> = unfit.chain(refused).collect();
    if refused.is_empty() {
        return Judgement { refused, doubtful };
    }
    // All of it at once: a server that is asked again refuses what it does not know, too.
    refused.extend(doubtful);
    Judgement { refused, doubtful: Vec::new() }
}
