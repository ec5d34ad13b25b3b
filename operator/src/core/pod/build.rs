//! A job → the pod of one attempt: one object, one request, nothing to leak or race.

use std::path::PathBuf;

use lcmap_spark_agent::plan::{EnvVar, PlanError};
use lcmap_spark_crd::names::{
    ANNOTATION_PLAN, ANNOTATION_REVISION, API_VERSION, DRIVER_CONTAINER, KIND, LABEL_ATTEMPT, LABEL_JOB,
    LABEL_MODE, LABEL_RUN, driver_pod,
};
use lcmap_spark_crd::spec::{Network, RunRef};
use lcmap_spark_crd::{Mode, Reason, Revision, SparkJob, SparkJobSpec};
use lcmap_spark_variables::Manifest;
use serde_json::{Value, json};

use super::volumes::Volumes;
use super::{containers, merge, places, resources, template, ui, volumes};
use crate::core::distributed;
use crate::core::plan::{Fault, PlanFault, Site, plan};
use crate::core::{Obstacle, Remedy, Settings};

/// What the agent needs after Spark's own grace period, in seconds, to settle and report.
const AGENTS_SHARE: u64 = 20;

/// How large all annotations of a pod may be, in bytes. The API server's own limit is 262,144
/// (`apimachinery/pkg/api/validation`, `TotalAnnotationSizeLimitB`); the rest is for whoever else annotates pods.
const MAX_ANNOTATIONS: usize = 240 * 1024;

/// Why a job as it is written cannot have a pod.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unfit {
    /// Why.
    pub reason: Reason,
    /// The same for people: field and remedy.
    pub message: String,
}

impl Unfit {
    pub(super) fn new(reason: Reason, message: String) -> Self {
        Self { reason, message }
    }
}

impl From<Unfit> for Obstacle {
    fn from(Unfit { reason, message }: Unfit) -> Self {
        Self { reason, message, remedy: Remedy::Mend, until: None }
    }
}

/// The pod of one attempt, as JSON: what a template says beyond the types we know is kept.
pub fn pod(job: &SparkJob, attempt: i32, settings: &Settings) -> Result<Value, Unfit> {
    let (original, job) = (job, &settings.fill(job));
    let spec = &job.spec;
    check_cores(spec, settings)?;
    let image = spec.image.clone().or_else(|| settings.default_image.clone()).ok_or_else(|| {
        let message = "spec.image is not set, and the operator has no default image: set either";
        Unfit::new(Reason::ImageRequired, message.into())
    })?;
    let mut template = spec.pod.as_ref().map(template::checked).transpose()?.unwrap_or_else(|| json!({}));
    let mut volumes = volumes::of(job);
    let own_certificates = mounts_certificates(template::driver(&template));
    if own_certificates {
        volumes.drop_certificates();
    }
    let (plan, requested) = launch_plan(job, attempt, settings, (&image, &template, &volumes))?;

    let mut driver = containers::driver(job, &image, &volumes.mounts, settings);
    let mut pod_volumes = volumes.sources.clone();
    if needs_tmp(template::driver(&template)) {
        pod_volumes.push(json!({"name": places::TMP_VOLUME, "emptyDir": {}}));
        if let Some(mounts) = driver["volumeMounts"].as_array_mut() {
            mounts.push(json!({"name": places::TMP_VOLUME, "mountPath": "/tmp"}));
        }
    }
    let mut ours = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(original, attempt, &plan),
        "spec": pod_spec(spec),
    });
    let init = containers::init(spec, &image, &volumes, settings);
    template::drop_init_containers_but(&mut template, &init);
    let mut defaults = defaults(spec, &requested);
    defaults["spec"]["initContainers"] = init_resources(&init, &template, &requested);
    ours["spec"]["containers"] = json!([driver]);
    ours["spec"]["initContainers"] = json!(init);
    ours["spec"]["volumes"] = json!(pod_volumes);
    let pod = merge::merge(merge::merge(defaults, template), ours);
    check_size(&pod, spec)?;
    Ok(pod)
}

/// What a template sets of the variables that no job inherits: seen from within a container, a template's
/// are the image's.
fn variables(driver: &Value) -> Vec<EnvVar> {
    let set = driver["env"].as_array().map_or(&[][..], Vec::as_slice);
    let honoured = |name: &str| {
        lcmap_spark_variables::find(name).is_some_and(|variable| variable.manifest == Manifest::Honoured)
    };
    set.iter()
        .filter_map(|variable| Some((variable["name"].as_str()?, variable["value"].as_str()?)))
        // The kubelet alone knows what a reference to another variable stands for.
        .filter(|(name, value)| honoured(name) && !value.contains("$("))
        .map(|(name, value)| distributed::variable(name, value))
        .collect()
}

/// The plan, encoded, and what the driver asks its node for.
fn launch_plan(
    job: &SparkJob,
    attempt: i32,
    settings: &Settings,
    (image, template, volumes): (&str, &Value, &Volumes),
) -> Result<(String, Value), Unfit> {
    let mut site = Site {
        secrets: volumes.secrets.clone(),
        config_maps: volumes.config_maps.clone(),
        notebook_ip: "0.0.0.0".into(),
        image: image.to_owned(),
        conf: ui::conf(&job.spec, settings),
        env: variables(template::driver(template)),
        ..Site::default()
    };
    if let Ok(RunRef::Notebook(_)) = job.spec.run.kind() {
        site.notebook_token = Some(PathBuf::from(places::TOKEN).join("token"));
    }
    if job.spec.mode == Mode::Distributed {
        site.libmesos = Some(places::LIBMESOS.into());
        site.cluster.clone_from(&settings.cluster);
        site.certificates = volumes.has_certificates().then(|| places::CERTIFICATES.into());
    }
    let mut plan = plan(job, attempt, &site).map_err(|faults| unplannable(&faults))?;
    let resources = resources::of(&job.spec.driver, &plan.run, template::driver(template), settings);
    plan.driver = resources.size;
    if let (lcmap_spark_agent::plan::Run::Notebook(run), Ok(RunRef::Notebook(notebook))) =
        (&mut plan.run, job.spec.run.kind())
    {
        run.directory = volumes::notebook_folder(notebook).map(PathBuf::from).or(run.directory.take());
    }
    let encoded = plan.encode().map_err(|error| match error {
        PlanError::TooLarge => too_large(&job.spec),
        error => Unfit::new(Reason::SpecInvalid, error.to_string()),
    })?;
    Ok((encoded, resources.requested))
}

fn unplannable(faults: &[PlanFault]) -> Unfit {
    let masterless = faults.iter().any(|fault| fault.fault == Fault::MasterRequired);
    let reason = if masterless { Reason::MasterRequired } else { Reason::SpecInvalid };
    let message = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Unfit::new(reason, message)
}

fn metadata(job: &SparkJob, attempt: i32, plan: &str) -> Value {
    let meta = &job.metadata;
    let name = meta.name.clone().unwrap_or_default();
    let run = job.spec.run.kind().ok().map(|run| json!(run.kind()));
    let Revision { generation, hash } = Revision::of(&job.spec, meta.generation.unwrap_or_default());
    json!({
        "name": driver_pod(&name, attempt),
        "namespace": meta.namespace,
        "labels": {
            (LABEL_JOB): name,
            (LABEL_ATTEMPT): attempt.to_string(),
            (LABEL_RUN): run,
            (LABEL_MODE): job.spec.mode,
            "app.kubernetes.io/managed-by": "lcmap-spark",
        },
        "annotations": {
            (ANNOTATION_PLAN): plan,
            (ANNOTATION_REVISION): format!("{generation}-{hash}"),
            "kubectl.kubernetes.io/default-container": DRIVER_CONTAINER,
        },
        "ownerReferences": [owner(job)],
    })
}

/// The owner reference of a job's children: they go when the job goes, and `--cascade=foreground` waits for them.
pub(super) fn owner(job: &SparkJob) -> Value {
    json!({"apiVersion": API_VERSION, "kind": KIND, "name": job.metadata.name, "uid": job.metadata.uid,
        "controller": true, "blockOwnerDeletion": true})
}

/// What a template may change.
fn defaults(spec: &SparkJobSpec, requested: &Value) -> Value {
    let mut security = json!({"seccompProfile": {"type": "RuntimeDefault"}});
    if let Some(user) = spec.user {
        security["runAsUser"] = json!(user.uid);
        security["runAsGroup"] = json!(user.gid.unwrap_or_default());
        security["fsGroup"] = json!(user.gid.unwrap_or_default());
        if user.uid != 0 {
            security["runAsNonRoot"] = json!(true);
        }
    }
    json!({"spec": {
        "automountServiceAccountToken": names_an_account(spec),
        // Spark takes SPARK_MASTER_PORT, which a Service named spark-master would set, for its own.
        "enableServiceLinks": false,
        "securityContext": security,
        "containers": [{
            "name": DRIVER_CONTAINER,
            "resources": requested,
            "securityContext": containers::confined(),
        }],
    }})
}

/// What init containers of ours ask for, unless a template says otherwise.
fn init_resources(init: &[Value], template: &Value, requested: &Value) -> Value {
    let own = template::driver(template)["resources"].clone();
    let driver = if own.is_null() { requested.clone() } else { merge::merge(requested.clone(), own) };
    let named = init.iter().map(|container| {
        let of_template = template::init_container(template, &container["name"]);
        json!({"name": container["name"], "resources": resources::of_init(&driver, of_template)})
    });
    named.collect()
}

/// A template that names a service account wants its token; the namespace's default account has no rights.
fn names_an_account(spec: &SparkJobSpec) -> bool {
    spec.pod.as_ref().is_some_and(|pod| pod.spec.contains_key("serviceAccountName"))
}

/// What a template may not change, beside containers and volumes.
fn pod_spec(spec: &SparkJobSpec) -> Value {
    let grace = spec.termination_grace_period.as_secs() + AGENTS_SHARE;
    let mut pod = json!({
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": grace,
    });
    if spec.network() == Network::Host {
        pod["hostNetwork"] = json!(true);
        pod["dnsPolicy"] = json!("ClusterFirstWithHostNet");
    }
    if spec.host_pid {
        pod["hostPID"] = json!(true);
    }
    if !spec.image_pull_secrets.is_empty() {
        pod["imagePullSecrets"] = json!(spec.image_pull_secrets);
    }
    pod
}

/// An operator's limits on what one job may take of Mesos: the most that it allows, and its default, in which an executor of
/// the job has to find room. That it does in what the job itself says, the API server has seen to.
fn check_cores(spec: &SparkJobSpec, settings: &Settings) -> Result<(), Unfit> {
    let Some(total) = spec.executor.total_cores.filter(|_| spec.mode == Mode::Distributed) else {
        return Ok(());
    };
    if let Some(most) = settings.max_total_cores.filter(|most| total > *most) {
        let message = format!(
            "spec.executor.totalCores is {total}, and the operator allows {most}: ask for no more than that"
        );
        return Err(Unfit::new(Reason::TotalCoresTooLarge, message));
    }
    if let Some(cores) = spec.executor.cores.filter(|cores| *cores > total) {
        let message = format!(
            "spec.executor.cores is {cores}, and the operator's default for spec.executor.totalCores is {total}, in which no \
             executor of that size has room: set spec.executor.totalCores to {cores} or more, or lower spec.executor.cores"
        );
        return Err(Unfit::new(Reason::TotalCoresTooSmall, message));
    }
    Ok(())
}

/// Whether the template brings certificates of its own: they are input, and installed elsewhere.
fn mounts_certificates(driver: &Value) -> bool {
    let mounts = driver["volumeMounts"].as_array().map_or(&[][..], Vec::as_slice);
    mounts.iter().any(|mount| mount["mountPath"] == places::CERTIFICATES)
}

/// Whether the driver needs a `/tmp` of its own: Spark cannot do without one.
fn needs_tmp(driver: &Value) -> bool {
    let mounts = driver["volumeMounts"].as_array().map_or(&[][..], Vec::as_slice);
    driver["securityContext"]["readOnlyRootFilesystem"] == true
        && !mounts.iter().any(|mount| mount["mountPath"] == "/tmp")
}

fn check_size(pod: &Value, spec: &SparkJobSpec) -> Result<(), Unfit> {
    let annotations = pod["metadata"]["annotations"].as_object();
    let size: usize = annotations
        .into_iter()
        .flatten()
        .map(|(name, value)| name.len() + value.as_str().map_or(0, str::len))
        .sum();
    if size > MAX_ANNOTATIONS { Err(too_large(spec)) } else { Ok(()) }
}

fn too_large(spec: &SparkJobSpec) -> Unfit {
    let value = serde_json::to_value(spec).unwrap_or_default();
    let mut fields: Vec<_> = value.as_object().into_iter().flatten().collect();
    fields.sort_by_key(|(_, value)| std::cmp::Reverse(value.to_string().len()));
    let largest: Vec<_> = fields
        .iter()
        .take(3)
        .map(|(name, value)| format!("spec.{name} ({} kB)", value.to_string().len().div_ceil(1024)))
        .collect();
    let message = format!(
        "the job does not fit a pod's annotations ({} kB); its largest fields are {}: move them into the image, a file \
         or a ConfigMap (confFrom)",
        MAX_ANNOTATIONS / 1024,
        largest.join(", ")
    );
    Unfit::new(Reason::PlanTooLarge, message)
}
