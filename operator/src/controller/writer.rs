//! The only place that writes: pods, status, deletions.

use std::time::Duration;

use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret, Service};
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::{Api, Client, Resource};
use lcmap_spark_crd::names::{API_VERSION, FIELD_MANAGER, KIND};
use lcmap_spark_crd::{SparkJob, SparkJobStatus};
use serde_json::{Value, json};

use super::error::ReconcileError;
use super::watched::{JobKey, WatchedJob, WatchedPod};

/// How long one request may take: longer than a loaded API server needs, shorter than a worker may hang.
const REQUEST: Duration = Duration::from_secs(30);

/// Writes for as long as this replica leads.
#[derive(Clone)]
pub(crate) struct Writer<L> {
    client: Client,
    leads: L,
}

/// What became of the creation of something.
#[derive(Debug)]
pub(crate) enum Created<T> {
    /// It was made.
    Made(T),
    /// Something of its name is there already.
    Exists,
    /// The API server refused it.
    Refused(Box<kube::core::Status>),
}

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// It has begun: the API server still has the object, for a grace period or a finalizer.
    Begun,
    /// It is done.
    Done,
    /// There is nothing to delete: it is gone, or no longer what was meant.
    NotThere,
}

impl<L: Fn() -> bool> Writer<L> {
    /// A writer that asks `leads` before each request.
    pub(crate) fn new(client: Client, leads: L) -> Self {
        Self { client, leads }
    }

    /// Whether this replica may act.
    pub(crate) fn leads(&self) -> bool {
        (self.leads)()
    }

    /// Creates a driver pod, with every field checked: a misspelt one in a template would else be dropped unsaid.
    pub(crate) async fn create_pod(
        &self,
        key: &JobKey,
        pod: &Value,
    ) -> Result<Created<WatchedPod>, ReconcileError> {
        self.create::<Pod, _>("create the driver pod of", key, pod).await
    }

    /// Creates what a notebook needs.
    pub(crate) async fn create_service(
        &self,
        key: &JobKey,
        service: &Value,
    ) -> Result<Created<Value>, ReconcileError> {
        self.create::<Service, _>("create the Service of", key, service).await
    }

    /// Creates a notebook's token.
    pub(crate) async fn create_secret(
        &self,
        key: &JobKey,
        secret: &Value,
    ) -> Result<Created<Value>, ReconcileError> {
        self.create::<Secret, _>("create the token of", key, secret).await
    }

    /// Creates a notebook's claim.
    pub(crate) async fn create_claim(
        &self,
        key: &JobKey,
        claim: &Value,
    ) -> Result<Created<Value>, ReconcileError> {
        self.create::<PersistentVolumeClaim, _>("create the claim of", key, claim).await
    }

    async fn create<K, T>(
        &self,
        what: &'static str,
        key: &JobKey,
        object: &Value,
    ) -> Result<Created<T>, ReconcileError>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
        T: serde::de::DeserializeOwned,
    {
        self.check()?;
        let body = serde_json::to_vec(object)
            .map_err(|source| ReconcileError::Encode { key: key.clone(), source })?;
        // kube's own parameters know no field validation.
        let path = K::url_path(&(), Some(&key.namespace));
        let request = Request::post(format!("{path}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict"))
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|source| api(what, key, kube::Error::HttpError(source)))?;
        match limited(self.client.request::<T>(request)).await {
            Ok(made) => Ok(Created::Made(made)),
            Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(Created::Exists),
            Err(kube::Error::Api(status)) if is_refusal(&status) => Ok(Created::Refused(status)),
            Err(source) => Err(api(what, key, source)),
        }
    }

    /// Writes a status by server-side apply, for exactly the version of the job that it was decided on.
    pub(crate) async fn write_status(
        &self,
        job: &SparkJob,
        key: &JobKey,
        status: &SparkJobStatus,
    ) -> Result<WatchedJob, ReconcileError> {
        let mut status = serde_json::to_value(status)
            .map_err(|source| ReconcileError::Encode { key: key.clone(), source })?;
        if status["message"].is_null() {
            // What is left out stays, if it was once merged in.
            status["message"] = json!("");
        }
        let body = json!({
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": key.name, "namespace": key.namespace, "resourceVersion": job.metadata.resource_version},
            "status": status,
        });
        self.patch_status(key, PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(body)).await
    }

    /// Merges a few fields into the status of a job that cannot be read. What is stored against the schema of its
    /// definition cannot be applied to: the API server fails to compare it.
    pub(crate) async fn merge_status(
        &self,
        key: &JobKey,
        resource_version: Option<&str>,
        fields: &Value,
    ) -> Result<WatchedJob, ReconcileError> {
        let body = json!({"metadata": {"resourceVersion": resource_version}, "status": fields});
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        self.patch_status(key, params, &Patch::Merge(body)).await
    }

    async fn patch_status(
        &self,
        key: &JobKey,
        params: PatchParams,
        patch: &Patch<Value>,
    ) -> Result<WatchedJob, ReconcileError> {
        self.check()?;
        let jobs = Api::<WatchedJob>::namespaced(self.client.clone(), &key.namespace);
        match limited(jobs.patch_status(&key.name, &params, patch)).await {
            Ok(job) => Ok(job),
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_not_found() => {
                Err(ReconcileError::Conflict)
            }
            // Server-side apply answers 500 to a field that the schema does not declare.
            Err(kube::Error::Api(status)) if status.message.contains("not declared in schema") => {
                Err(ReconcileError::OldDefinition { key: key.clone(), message: status.message })
            }
            Err(source) => Err(api("write the status of", key, source)),
        }
    }

    /// Replaces a job's finalizers, for exactly the version that they were read of.
    pub(crate) async fn write_finalizers(
        &self,
        key: &JobKey,
        resource_version: Option<&str>,
        finalizers: &[String],
    ) -> Result<WatchedJob, ReconcileError> {
        self.check()?;
        let finalizers = Some(finalizers).filter(|finalizers| !finalizers.is_empty());
        let body = json!({"metadata": {"resourceVersion": resource_version, "finalizers": finalizers}});
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let jobs = Api::<WatchedJob>::namespaced(self.client.clone(), &key.namespace);
        match limited(jobs.patch(&key.name, &params, &Patch::Merge(body))).await {
            Ok(job) => Ok(job),
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_not_found() => {
                Err(ReconcileError::Conflict)
            }
            Err(source) => Err(api("change the finalizers of", key, source)),
        }
    }

    /// Deletes a pod, if it is still this one.
    pub(crate) async fn delete_pod(
        &self,
        key: &JobKey,
        name: &str,
        uid: &str,
    ) -> Result<Deletion, ReconcileError> {
        self.check()?;
        let pods = Api::<WatchedPod>::namespaced(self.client.clone(), &key.namespace);
        let this = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let answer = limited(pods.delete(name, &only(this))).await;
        let answer = answer.map(|it| it.either(|_| Deletion::Begun, |_| Deletion::Done));
        deletion(answer).map_err(|source| api("delete a driver pod of", key, source))
    }

    /// Deletes a job, if it is still exactly as it was decided on: whoever runs it again at the last moment wins.
    pub(crate) async fn delete_job(
        &self,
        key: &JobKey,
        this: &Preconditions,
    ) -> Result<Deletion, ReconcileError> {
        self.check()?;
        let jobs = Api::<WatchedJob>::namespaced(self.client.clone(), &key.namespace);
        let answer = limited(jobs.delete(&key.name, &only(this.clone()))).await;
        let answer = answer.map(|it| it.either(|_| Deletion::Begun, |_| Deletion::Done));
        deletion(answer).map_err(|source| api("delete", key, source))
    }

    fn check(&self) -> Result<(), ReconcileError> {
        if self.leads() { Ok(()) } else { Err(ReconcileError::NotLeading) }
    }
}

/// A request that is given up after [`REQUEST`]: whether it was done shows when the job is looked at again.
pub(crate) async fn limited<T>(request: impl Future<Output = kube::Result<T>>) -> kube::Result<T> {
    match tokio::time::timeout(REQUEST, request).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(kube::Error::Service(elapsed.into())),
    }
}

pub(crate) fn api(what: &'static str, key: &JobKey, source: kube::Error) -> ReconcileError {
    ReconcileError::Api { what, key: key.clone(), source: Box::new(source) }
}

fn only(this: Preconditions) -> DeleteParams {
    DeleteParams { preconditions: Some(this), ..DeleteParams::background() }
}

fn deletion(answer: kube::Result<Deletion>) -> kube::Result<Deletion> {
    match answer {
        Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {
            Ok(Deletion::NotThere)
        }
        answer => answer,
    }
}

/// Whether the API server would say the same again: the request is at fault, or what surrounds it.
fn is_refusal(status: &kube::core::Status) -> bool {
    matches!(status.code, 400 | 403 | 404 | 413 | 422)
}
