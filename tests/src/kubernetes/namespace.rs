use std::{
    ffi::OsStr,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use super::{ControlPlane, Error, Part, Result, changes::Changes};

/// A namespace of one test's own.
#[derive(Debug)]
pub struct Namespace<'a> {
    control_plane: &'a ControlPlane,
    name: String,
}

impl ControlPlane {
    /// Runs `test` in a new namespace whose name begins with `label`. When the test panics, what is in the namespace
    /// and in the bed's logs is printed first; the namespace is deleted in the end, without waiting for it.
    pub fn with_namespace<T>(&self, label: &str, test: impl FnOnce(&Namespace) -> T) -> Result<T> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{label}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.kubectl(["create", "namespace", &name])?;
        let namespace = Namespace { control_plane: self, name };
        namespace.await_service_account()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| test(&namespace)));
        if outcome.is_err() {
            eprintln!("{}", namespace.dump());
        }
        self.kubectl(["delete", "namespace", "--wait=false", &namespace.name])?;
        outcome.map_or_else(|panic| resume_unwind(panic), Ok)
    }
}

impl Namespace<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `kubectl ARGS` in this namespace: its standard output, or an error with what it complained about.
    pub fn kubectl<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<String> {
        self.control_plane.kubectl(self.here(args))
    }

    /// `kubectl apply -f -` in this namespace.
    pub fn apply(&self, manifest: &str) -> Result<String> {
        self.control_plane.kubectl_with_input(self.here(["apply", "-f", "-"]), manifest)
    }

    /// Asks for `jsonpath` of `object` ("pod/x") until `accept` likes the value.
    pub fn wait_for(
        &self,
        object: &str,
        jsonpath: &str,
        limit: Duration,
        accept: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let output = format!("jsonpath={jsonpath}");
        let kind = object.split('/').next().unwrap_or(object);
        let mut watch = self.control_plane.command("kubectl");
        watch.args(self.here(["get", kind, "--watch", "--output=name"]));
        let changes = Changes::watch(watch)?;
        let deadline = Instant::now() + limit;
        loop {
            // What is not there yet, or has no status yet, is an error to kubectl.
            let answer = self.control_plane.ask_kubectl(self.here(["get", object, "-o", &output]), "")?;
            let now = answer.stdout + &answer.stderr;
            if answer.code == Some(0) && accept(&now) {
                return Ok(now);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = format!("{jsonpath} of {object} in {} was not as expected", self.name);
                let detail = format!("it was last seen as: {now}");
                return Err(Error::TimedOut { what, limit, detail });
            }
            changes.next(left);
        }
    }

    /// What a reader of a failed test wants to see.
    fn dump(&self) -> String {
        let asked = [
            ["get", "all", "--output=wide"].as_slice(),
            &["get", "events", "--sort-by=.lastTimestamp"],
            &["describe", "pods"],
            &[
                "logs",
                "--all-pods",
                "--all-containers",
                "--prefix",
                "--tail=50",
                "--selector=app.kubernetes.io/managed-by=lcmap-spark",
            ],
        ];
        let shown = asked.map(|args| {
            let answer = self.control_plane.ask_kubectl(self.here(args), "");
            let text = answer.map_or_else(|error| error.to_string(), |answer| answer.stdout + &answer.stderr);
            format!("--- kubectl {}\n{text}", args.join(" "))
        });
        format!(
            "namespace {} when the test failed:\n{}\n{}",
            self.name,
            shown.join("\n"),
            self.control_plane.logs()
        )
    }

    /// Pods are refused until it exists; without a controller manager nobody else makes it.
    fn await_service_account(&self) -> Result<()> {
        if !self.control_plane.has(Part::ControllerManager) {
            return self.kubectl(["create", "serviceaccount", "default"]).map(drop);
        }
        let limit = Duration::from_secs(60);
        self.wait_for("serviceaccount/default", "{.metadata.name}", limit, |name| name == "default").map(drop)
    }

    fn here<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Vec<std::ffi::OsString> {
        let flag = format!("--namespace={}", self.name);
        let given = args.into_iter().map(|arg| arg.as_ref().to_owned());
        [flag.into()].into_iter().chain(given).collect()
    }
}
