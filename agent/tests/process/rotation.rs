//! Certificates that are renewed, or end, while the command runs.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use lcmap_spark_agent::certificates::read;
use lcmap_spark_agent::plan::Certificates;
use nix::sys::signal::Signal;
use rcgen::{CertificateParams, KeyPair};

use crate::support::{Bed, Running, eventually, stderr};

const NAMES: [&str; 3] = ["mesos.crt", "mesos.key", "trustedroot.crt"];

/// Tells where the certificates were installed, and waits.
const RUN: &str = "echo $LIBPROCESS_SSL_CA_DIR > $HOME/where; sleep 600 & wait";

/// A bed with a Secret as the kubelet mounts it, and a running command that was given it.
struct Secret {
    bed: Bed,
    versions: usize,
}

impl Secret {
    fn new() -> Self {
        let mut secret = Self { bed: Bed::with_submit(RUN), versions: 0 };
        secret.bed.plan(|plan| {
            plan.certificates = Some(Certificates { source: secret.bed.path("secret"), target: None });
        });
        fs::create_dir(secret.bed.path("secret")).unwrap();
        for name in NAMES {
            symlink(format!("..data/{name}"), secret.folder().join(name)).unwrap();
        }
        secret.exchange(&valid());
        secret
    }

    fn folder(&self) -> PathBuf {
        self.bed.path("secret")
    }

    /// Exchanges all three files in one step.
    fn exchange(&mut self, files: &[String; 3]) {
        self.versions += 1;
        let version = format!("..{}", self.versions);
        fs::create_dir(self.folder().join(&version)).unwrap();
        for (name, content) in NAMES.iter().zip(files) {
            fs::write(self.folder().join(&version).join(name), content).unwrap();
        }
        symlink(version, self.folder().join("..data_tmp")).unwrap();
        fs::rename(self.folder().join("..data_tmp"), self.folder().join("..data")).unwrap();
    }

    /// Starts the agent, and says where it has installed the certificates.
    fn start(&self) -> (Running, PathBuf) {
        let running = Running::start(self.bed.as_child());
        let target = PathBuf::from(self.bed.wait_for("where").trim_end());
        (running, target)
    }

    /// Waits until the agent has told of as many warnings.
    fn warnings(&self, count: usize) -> Vec<String> {
        eventually("a warning", || Some(self.bed.state().warnings).filter(|warnings| warnings.len() >= count))
    }

    fn wait_until_installed(&self, target: &Path) {
        let wanted = leaf(&self.folder());
        eventually("the new certificates", || (leaf(target) == wanted).then_some(()));
    }
}

/// A self-signed certificate, its key, and itself as the root.
fn pair(params: &CertificateParams) -> [String; 3] {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    [certificate.clone(), key.serialize_pem(), certificate]
}

fn valid() -> [String; 3] {
    pair(&CertificateParams::new(vec![]).unwrap())
}

fn leaf(folder: &Path) -> Vec<u8> {
    read(folder).unwrap().leaf.to_vec()
}

/// Reads what is installed until `enough`, and returns every certificate that it found. A pair that is torn
/// apart, or missing for a moment, ends the test.
fn read_all_the_while(target: &Path, enough: &AtomicBool) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    loop {
        let last = enough.load(Ordering::Relaxed);
        let data = target.join(fs::read_link(target.join("..data")).unwrap());
        let pair = read(&data).unwrap();
        assert!(contains(&pair.leaf, &pair.key.public), "{} is torn apart", data.display());
        assert_eq!(pair.roots, std::slice::from_ref(&pair.leaf));
        // By the paths that libmesos.so is given there is always something to read.
        read(target).unwrap();
        found.insert(pair.leaf.to_vec());
        if last {
            return found;
        }
    }
}

fn contains(certificate: &[u8], public: &[u8]) -> bool {
    certificate.windows(public.len()).any(|window| window == public)
}

#[test]
fn renewed_certificates_are_taken_while_the_command_runs_and_no_reader_sees_half_of_them() {
    let mut secret = Secret::new();
    let first = leaf(&secret.folder());
    let (running, target) = secret.start();
    let enough = AtomicBool::new(false);
    let (second, third, found) = thread::scope(|scope| {
        let reader = scope.spawn(|| read_all_the_while(&target, &enough));
        let mut renew = || {
            secret.exchange(&valid());
            secret.wait_until_installed(&target);
            leaf(&secret.folder())
        };
        let renewed = (renew(), renew());
        enough.store(true, Ordering::Relaxed);
        (renewed.0, renewed.1, reader.join().unwrap())
    });
    assert!(found == BTreeSet::from([first, second, third]), "{} of 3", found.len());
    running.send(Signal::SIGTERM);
    let output = running.wait();
    let said = stderr(&output);
    assert_eq!(said.matches("lcmap-agent: took the new Mesos certificates in ").count(), 2, "{said}");
    assert!(!said.contains("warning") && !target.exists(), "{said}");
}

#[test]
fn bad_new_certificates_are_refused_and_good_ones_after_them_are_taken() {
    let mut secret = Secret::new();
    let first = leaf(&secret.folder());
    let (running, target) = secret.start();
    let [certificate, key, root] = valid();
    secret.exchange(&[certificate.clone(), valid()[1].clone(), root.clone()]);
    let warnings = secret.warnings(1);
    assert!(
        warnings[0].contains("are not taken, and the old ones stay in use: the private key ")
            && warnings[0].ends_with("they come as a pair"),
        "{warnings:?}"
    );
    assert_eq!(leaf(&target), first);
    // The other half comes late.
    fs::write(secret.folder().join("..data/mesos.key"), key).unwrap();
    secret.wait_until_installed(&target);
    running.send(Signal::SIGTERM);
    let said = stderr(&running.wait());
    assert_eq!(said.matches("are not taken").count(), 1, "{said}");
    assert_eq!(said.matches("took the new Mesos certificates").count(), 1, "{said}");
    assert_eq!(secret.bed.termination_message().warnings, warnings);
}

#[test]
fn the_end_of_certificates_is_told_before_and_when_it_comes() {
    let mut secret = Secret::new();
    let mut params = CertificateParams::new(vec![]).unwrap();
    let now = SystemTime::now();
    // The last tenth of its life begins a few seconds after the start, and is longer than the time between two looks.
    params.not_before = (now - Duration::from_secs(68)).into();
    params.not_after = (now + Duration::from_secs(12)).into();
    secret.exchange(&pair(&params));
    let (running, _) = secret.start();
    let warnings = secret.warnings(2);
    assert!(warnings[0].contains(" expires at ") && warnings[1].contains(" has expired: "), "{warnings:?}");
    running.send(Signal::SIGTERM);
    let said = stderr(&running.wait());
    for words in
        ["lcmap-agent: warning: the certificate ", "lcmap-agent: error: Mesos certificates: the certificate "]
    {
        assert_eq!(said.matches(words).count(), 1, "{said}");
    }
}
