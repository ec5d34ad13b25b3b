//! A namespace of one test, and what people do in it.

use std::ffi::OsStr;

use lcmap_spark_tests::kubernetes::OperatorCommand;
use serde_json::{Value, json};

use crate::{bed::Bed, job::Job, requests::Request};

/// A namespace of one test.
pub(crate) struct Space<'a> {
    pub(crate) bed: &'a Bed,
    pub(crate) name: String,
}

impl<'a> Space<'a> {
    /// An operator of this namespace alone, with a Lease of its own, about to be started.
    pub(crate) fn operator(&self) -> OperatorCommand<'a> {
        let (namespace, lease) =
            (format!("--namespace={}", self.name), format!("--lease-name={}", self.name));
        self.bed.operator().arg(namespace).arg(lease)
    }

    /// Creates a job; what `spec` does not say is that of a simple one.
    pub(crate) fn job<'s>(&'s self, name: &str, spec: Value) -> Job<'s> {
        self.create_job(&manifest(name, spec))
    }

    /// Creates a job from a whole manifest.
    pub(crate) fn create_job<'s>(&'s self, manifest: &Value) -> Job<'s> {
        let answer = self.bed.api.post(&self.jobs(), manifest).unwrap();
        assert_eq!(answer["kind"], "SparkJob", "{answer}");
        self.known_job(manifest["metadata"]["name"].as_str().unwrap())
    }

    /// A job that is there already.
    pub(crate) fn known_job<'s>(&'s self, name: &str) -> Job<'s> {
        Job { space: self, name: name.to_owned() }
    }

    /// Creates an object of the core group, `kind` as in "configmaps".
    pub(crate) fn create(&self, kind: &str, object: &Value) -> Value {
        let answer = self.bed.api.post(&self.path(kind), object).unwrap();
        assert_ne!(answer["kind"], "Status", "{answer}");
        answer
    }

    /// An object of the core group, or a `Status` where it is not there.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Value {
        self.bed.api.get(&format!("{}/{name}", self.path(kind))).unwrap()
    }

    /// The names of all objects of a kind of the core group.
    pub(crate) fn names(&self, kind: &str) -> Vec<String> {
        let list = self.bed.api.get(&self.path(kind)).unwrap();
        let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}"));
        items.iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// `kubectl ARGS` in this namespace.
    pub(crate) fn kubectl<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        self.bed.plane.kubectl(self.here(args)).unwrap()
    }

    /// `kubectl apply -f -`, as people type it.
    pub(crate) fn apply(&self, manifest: &Value) -> String {
        let args = self.here(["apply", "-f", "-"]);
        self.bed.plane.kubectl_with_input(args, &manifest.to_string()).unwrap()
    }

    /// Gives the namespace a label, as `name=value`.
    pub(crate) fn label(&self, label: &str) {
        self.bed.plane.kubectl(["label", "namespace", &self.name, label]).unwrap();
    }

    /// What the operator has asked about this namespace so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let mut requests = self.bed.requests();
        requests.retain(|request| request.namespace == self.name);
        requests
    }

    /// The names of the pods that the operator has created here, in their order.
    pub(crate) fn created_pods(&self) -> Vec<String> {
        let made = |request: &Request| request.is("create", "pods") && request.code == 201;
        self.requests().into_iter().filter(made).map(|request| request.name).collect()
    }

    /// The Events of an object: their type, reason and note.
    pub(crate) fn events(&self, of: &str) -> Vec<(String, String, String)> {
        let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", self.name);
        let list = self.bed.api.get(&path).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let about = list["items"].as_array().unwrap().iter().filter(|event| event["regarding"]["name"] == of);
        about.map(|event| (text(&event["type"]), text(&event["reason"]), text(&event["note"]))).collect()
    }

    /// Where objects of a kind of the core group are.
    pub(crate) fn path(&self, kind: &str) -> String {
        format!("/api/v1/namespaces/{}/{kind}", self.name)
    }

    /// Where jobs are.
    pub(crate) fn jobs(&self) -> String {
        format!("/apis/lcmap.usgs.gov/v1alpha1/namespaces/{}/sparkjobs", self.name)
    }

    fn here<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Vec<std::ffi::OsString> {
        let given = args.into_iter().map(|arg| arg.as_ref().to_owned());
        [format!("--namespace={}", self.name).into()].into_iter().chain(given).collect()
    }
}

/// A job's manifest; what `spec` does not say is that of a simple one.
pub(crate) fn manifest(name: &str, spec: Value) -> Value {
    let mut whole = json!({
        "image": "bed.test/spark:1",
        "run": {"submit": {"application": "local:///job.py"}},
    });
    let Value::Object(given) = spec else { panic!("a spec is a map: {spec}") };
    whole.as_object_mut().unwrap().extend(given);
    json!({
        "apiVersion": "lcmap.usgs.gov/v1alpha1",
        "kind": "SparkJob",
        "metadata": {"name": name},
        "spec": whole,
    })
}
