//! What an API server has against an object of a job → whose fault it is, and which field of the job to change.

use lcmap_spark_crd::admission::ViolationKind;
use lcmap_spark_crd::spec::PodTemplate;
use lcmap_spark_crd::{Reason, quantity};
use serde_json::Value;

use super::merge::{is_same, merge_key};
use super::places::{INSPECT, INSTALL};
use super::template::template_faults;
use crate::core::Remedy;

/// What an API server said when it refused an object.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// The HTTP status code.
    pub code: u16,
    /// Its words.
    pub told: &'a str,
    /// The fields of the object that it names.
    pub fields: &'a [String],
}

/// The same for the author of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it is.
    pub reason: Reason,
    /// The way in which it goes away.
    pub remedy: Remedy,
    /// What to do, to follow the server's words. Empty where they say it all.
    pub hint: String,
}

impl Refused<'_> {
    /// Reads it, for an object that was made of a job with this template.
    pub fn read(&self, object: &Value, template: Option<&PodTemplate>) -> Refusal {
        if self.code == 403 && self.told.contains("exceeded quota") {
            let (remedy, hint) = match never_fits(self.told) {
                Some(hint) => (Remedy::Mend, hint),
                None => (Remedy::Wait, String::new()),
            };
            return Refusal { reason: Reason::QuotaExceeded, remedy, hint };
        }
        let hint = pod_security(self.told)
            .or_else(|| unspecified(self.told))
            .or_else(|| out_of_range(self.told))
            .or_else(|| default_limit(self.told, object))
            .or_else(|| misspelt(self.told, template?))
            .or_else(|| self.in_the_job(object, template?));
        Refusal { reason: Reason::PodRefused, remedy: Remedy::Mend, hint: hint.unwrap_or_default() }
    }

    /// The fields of the template that the server's are made of.
    fn in_the_job(&self, object: &Value, template: &PodTemplate) -> Option<String> {
        let mut fields: Vec<_> =
            self.fields.iter().filter_map(|field| origin(field, object, template)).collect();
        fields.dedup();
        (!fields.is_empty()).then(|| format!("; in the job: {}", fields.join(", ")))
    }
}

fn pod_security(told: &str) -> Option<String> {
    let hint = "; set spec.user.uid and spec.network: Pod, mend spec.pod, or use a namespace with a lower Pod Security level";
    told.contains("violates PodSecurity").then(|| hint.to_owned())
}

/// What a quota does not have at all, so that no wait helps:
/// `exceeded quota: NAME, requested: pods=1, used: pods=3, limited: pods=3`
/// (`k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go`).
fn never_fits(told: &str) -> Option<String> {
    let (_, rest) = told.split_once("requested: ")?;
    let (requested, rest) = rest.split_once(", used: ")?;
    let (_, limited) = rest.split_once(", limited: ")?;
    let pairs = |text| str::split(text, ',').filter_map(|pair: &str| pair.split_once('='));
    let excess = pairs(requested).find_map(|(name, wanted)| {
        let (_, limit) = pairs(limited).find(|(other, _)| *other == name)?;
        (quantity(wanted)? > quantity(limit)?).then_some((name, wanted, limit))
    });
    let (name, wanted, limit) = excess?;
    let lower = match name {
        _ if name.contains("storage") && !name.contains("ephemeral") => {
            "lower spec.run.notebook.storage.size"
        }
        _ if name.ends_with("cpu") => "lower spec.driver.cores or what spec.pod says of cpu",
        _ if name.ends_with("memory") => "lower spec.driver.memory or what spec.pod says of memory",
        _ => "ask for less",
    };
    Some(format!(
        "; the job alone needs {name}={wanted}, and the quota has {limit} in all: {lower}, or have the quota raised"
    ))
}

/// What a quota wants every container to say: `failed quota: NAME: must specify limits.cpu for: driver,log; memory for: log`
/// (`pkg/quota/v1/evaluator/core/pods.go`).
fn unspecified(told: &str) -> Option<String> {
    let (_, missing) = told.split_once("must specify ")?;
    let parts = missing.split("; ").filter_map(|part| part.split_once(" for: "));
    let fields = parts.map(|(resource, containers)| {
        let kind = if resource.contains('.') { "" } else { "requests." };
        let others = containers.split(',').filter(|name| ![INSTALL, INSPECT].contains(name));
        format!("resources.{kind}{resource} of {}", others.collect::<Vec<_>>().join(" and "))
    });
    let fields = fields.collect::<Vec<_>>().join(", ");
    (!fields.is_empty()).then(|| {
        format!("; write {fields} in spec.pod.spec.containers; lcmap-spark's init containers take what the driver has")
    })
}

/// What a limit range forbids. Its words name neither the range nor the container (`plugin/pkg/admission/limitranger`).
fn out_of_range(told: &str) -> Option<String> {
    let is_one = told.contains(" usage per ") || told.contains(" limit to request ratio per ");
    is_one.then(|| {
        let change = if told.contains("per PersistentVolumeClaim") {
            "spec.run.notebook.storage.size"
        } else {
            "spec.driver, or resources of the container driver in spec.pod.spec.containers"
        };
        format!("; a LimitRange of the namespace says so (kubectl get limitrange): change {change}")
    })
}

/// A limit that a container has from a limit range, and that is below what it requests.
fn default_limit(told: &str, object: &Value) -> Option<String> {
    let (list, rest) = ["containers", "initContainers"]
        .into_iter()
        .find_map(|list| Some((list, told.split_once(&format!("spec.{list}["))?.1)))?;
    let at: usize = rest.split_once(']')?.0.parse().ok()?;
    let (resource, _) = rest.split_once("must be less than or equal to ")?.1.split_once(" limit")?;
    let container = &object["spec"][list][at];
    let name = container["name"].as_str()?;
    container["resources"]["limits"][resource].is_null().then(|| {
        format!(
            "; that limit is the default of a LimitRange in the namespace: write resources.limits.{resource} of {name} in \
             spec.pod.spec.containers, or request less"
        )
    })
}

/// What a field may be that the server does not know.
fn misspelt(told: &str, template: &PodTemplate) -> Option<String> {
    told.contains("unknown field").then_some(())?;
    let unknown = template_faults(template).doubtful;
    let unknown = unknown.into_iter().filter(|doubt| doubt.kind == ViolationKind::Unknown);
    let told = unknown.filter_map(|doubt| Some(format!("; {}: {}", doubt.field, doubt.remedy?)));
    Some(told.collect::<String>()).filter(|told| !told.is_empty())
}

/// The field of a template that a field of its pod, such as `spec.containers[1].ports[0].hostPort`, comes from. Items of
/// lists may stand elsewhere there.
fn origin(field: &str, pod: &Value, template: &PodTemplate) -> Option<String> {
    let template = serde_json::json!({"metadata": template.metadata, "spec": template.spec});
    let (mut ours, mut theirs, mut path) = (pod, &template, String::from("spec.pod"));
    let (mut list, mut depth) = ("", 0);
    for step in field.split(['.', '[']) {
        if !theirs.is_object() && !theirs.is_array() {
            return None;
        }
        depth += 1;
        if let Some(Ok(index)) = step.strip_suffix(']').map(str::parse::<usize>) {
            ours = &ours[index];
            let items = theirs.as_array()?;
            let at = match merge_key(list) {
                Some(key) => items.iter().position(|item| is_same(key, item, ours))?,
                None => index,
            };
            theirs = items.get(at)?;
            path = format!("{path}[{at}]");
        } else {
            let name = step.trim_end_matches(']');
            (ours, theirs, list) = (&ours[name], &theirs[name], name);
            path = format!("{path}.{name}");
        }
    }
    (depth > 1).then_some(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(code: u16, told: &str, fields: &[&str], template: &Value) -> Refusal {
        let template: PodTemplate = serde_json::from_value(template.clone()).unwrap();
        let fields: Vec<_> = fields.iter().map(|&field| field.to_owned()).collect();
        let pod = json!({"spec": {"containers": [{"name": "driver", "resources": {"requests": {"cpu": "1"}}}, {"name": "log"}]}});
        Refused { code, told, fields: &fields }.read(&pod, Some(&template))
    }

    #[test]
    fn a_quota_that_has_room_for_the_job_when_others_end_is_waited_for() {
        let told = "pods \"x\" is forbidden: exceeded quota: q, requested: limits.cpu=2, used: limits.cpu=7, limited: limits.cpu=8";
        let refusal = read(403, told, &[], &json!({}));
        assert_eq!((refusal.reason, refusal.remedy), (Reason::QuotaExceeded, Remedy::Wait));
        assert_eq!(refusal.hint, "");
    }

    #[test]
    fn what_a_quota_does_not_have_at_all_is_to_be_mended() {
        for (requested, limited, words) in [
            ("limits.cpu=2,limits.memory=9Gi", "limits.cpu=8,limits.memory=8Gi", "limits.memory=9Gi"),
            ("requests.cpu=4", "requests.cpu=3500m", "spec.driver.cores"),
            ("requests.storage=20Gi", "requests.storage=10Gi", "spec.run.notebook.storage.size"),
            ("services=1", "services=0", "have the quota raised"),
        ] {
            let told =
                format!("exceeded quota: q, requested: {requested}, used: {requested}, limited: {limited}");
            let refusal = read(403, &told, &[], &json!({}));
            assert_eq!((refusal.reason, refusal.remedy), (Reason::QuotaExceeded, Remedy::Mend), "{told}");
            assert!(refusal.hint.contains(words), "{}", refusal.hint);
        }
    }

    #[test]
    fn words_that_name_no_field_of_the_job_get_one() {
        let none = json!({});
        let misspelt = json!({"spec": {"nodeselector": {}}});
        for (told, template, words) in [
            (
                "failed quota: q: must specify limits.cpu for: driver,lcmap-agent; memory for: log",
                &none,
                "resources.limits.cpu of driver, resources.requests.memory of log",
            ),
            ("minimum memory usage per Container is 4Gi, but request is 1Gi", &none, "LimitRange"),
            (
                "maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 5Gi",
                &none,
                "storage.size",
            ),
            (
                "spec.containers[0].resources.requests: Invalid value: \"1\": must be less than or equal to cpu limit of 500m",
                &none,
                "default of a LimitRange",
            ),
            (
                "strict decoding error: unknown field \"spec.nodeselector\"",
                &misspelt,
                "did you mean nodeSelector?",
            ),
            ("violates PodSecurity \"restricted\"", &none, "spec.user.uid"),
        ] {
            let refusal = read(403, told, &[], template);
            assert_eq!(refusal.remedy, Remedy::Mend);
            assert!(refusal.hint.contains(words), "{told}: {}", refusal.hint);
        }
    }

    #[test]
    fn a_field_of_the_pod_is_told_as_the_field_of_the_job_that_it_comes_from() {
        let template = json!({"spec": {
            "containers": [{"name": "log", "ports": [{"containerPort": 1}]}, {"name": "driver", "env": []}],
            "tolerations": [{"effect": "x"}], "nodeSelector": {"a": "b"}}});
        for (field, path) in [
            ("spec.containers[1].image", "; in the job: spec.pod.spec.containers[0].image"),
            ("spec.containers[0].env", "; in the job: spec.pod.spec.containers[1].env"),
            ("spec.containers[1].resources.limits[cpu]", ""),
            ("spec.tolerations[0].effect", "; in the job: spec.pod.spec.tolerations[0].effect"),
            ("spec.nodeSelector[a]", "; in the job: spec.pod.spec.nodeSelector.a"),
            ("spec.volumes[0].name", ""),
        ] {
            assert_eq!(read(422, "is invalid", &[field], &template).hint, path, "{field}");
        }
    }
}
