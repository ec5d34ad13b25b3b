//! Renewal while the driver runs: checks and installs what changes in the source, and reports when a certificate ends.
//!
//! libmesos.so reads the installed files at each connection, so that nothing is to be restarted.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustls_pki_types::UnixTime;

use super::check::{renewal, summary};
use super::install::{Installed, install};
use super::source::{Stamp, read_whole};
use super::{Bundle, CertificateError, CertificateFiles, check};
use crate::plan::Certificates;

/// How often the source is looked at. The kubelet itself takes a minute to bring a changed Secret.
pub(super) const EVERY: Duration = Duration::from_secs(5);

/// How long a source must stay as it is before it is judged: people write its files one after the other.
pub(super) const SETTLED: Duration = Duration::from_secs(1);

/// A message about certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// New certificates are in use.
    Taken(String),
    /// What will become an error unless somebody does something.
    Warning(String),
    /// Mesos will not take the driver's next connection.
    Error(String),
}

/// Certificates that are installed, and the source that is followed. They are wiped when this value is dropped.
#[derive(Debug)]
pub(crate) struct Rotation {
    installed: Installed,
    source: PathBuf,
    /// What is installed, but for its private key, which the installed files alone hold.
    bundle: Bundle,
    /// When that should be renewed, as the label of the framework reports it.
    renewal: Option<String>,
    /// How the source looked when it was last judged.
    judged: Stamp,
    /// Whether it was refused then. Time alone may mend that: a certificate becomes valid, a full disk gets room.
    refused: bool,
    /// How the source looked at the last look.
    seen: Stamp,
    next_look: Instant,
    /// What the last check of the installed bundle has said.
    told: Vec<String>,
}

impl Rotation {
    /// Reads, checks and installs certificates.
    pub(crate) fn begin(
        wanted: &Certificates,
        private: &Path,
        now: UnixTime,
    ) -> Result<Self, CertificateError> {
        let (stamp, bundle) = read_whole(&wanted.source);
        let bundle = bundle?;
        let told = check(&bundle, now)?;
        Ok(Self {
            installed: install(&bundle, wanted, private)?,
            source: wanted.source.clone(),
            renewal: renewal(&bundle),
            bundle: without_key(bundle),
            judged: stamp.clone(),
            refused: false,
            seen: stamp,
            next_look: Instant::now(),
            told,
        })
    }

    /// Where they are installed.
    pub(crate) fn files(&self) -> &CertificateFiles {
        self.installed.files()
    }

    /// When the certificate in use should be renewed, and when it ends, as the label of the framework reports it.
    pub(crate) fn renewal(&self) -> Option<&str> {
        self.renewal.as_deref()
    }

    /// What the user should know though they are good.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.told
    }

    /// Looks, if it is time to: takes what is new in the source, and says each thing once. The installed certificates stay
    /// as long as there are no better ones.
    pub(crate) fn look(&mut self, at: Instant, now: UnixTime) -> Vec<News> {
        if at < self.next_look {
            return Vec::new();
        }
        self.next_look = at + EVERY;
        // What could not be removed is tried again at the next exchange, and told if it fails then, or at the end.
        let _ = self.installed.drop_replaced();
        let mut news: Vec<News> = self.look_at_source(at, now).into_iter().collect();
        news.extend(self.look_at_time(now));
        news
    }

    fn look_at_source(&mut self, at: Instant, now: UnixTime) -> Option<News> {
        let seen = Stamp::of(&self.source);
        if seen != self.seen {
            self.seen = seen;
            self.next_look = at + SETTLED;
            return None;
        }
        if seen == self.judged && !self.refused {
            return None;
        }
        let (stamp, bundle) = read_whole(&self.source);
        let known = stamp == self.judged;
        self.judged = stamp;
        let taken = bundle.and_then(|bundle| self.take(bundle, now));
        self.refused = taken.is_err();
        match taken {
            Ok(new) => new.then(|| News::Taken(self.taken())),
            Err(error) => (!known).then(|| News::Warning(self.refusal(&error))),
        }
    }

    /// Installs a bundle if it is good, and says whether it is another than before.
    fn take(&mut self, bundle: Bundle, now: UnixTime) -> Result<bool, CertificateError> {
        if bundle.is_same_as(&self.bundle) {
            return Ok(false);
        }
        check(&bundle, now)?;
        self.installed.exchange(&bundle)?;
        self.renewal = renewal(&bundle);
        self.bundle = without_key(bundle);
        Ok(true)
    }

    /// Whether the time of what is installed is running out, or over.
    fn look_at_time(&mut self, now: UnixTime) -> Vec<News> {
        let (said, news): (Vec<String>, fn(String) -> News) = match check(&self.bundle, now) {
            Ok(warnings) => (warnings, News::Warning),
            Err(error) => (vec![self.ended(&error)], News::Error),
        };
        let fresh: Vec<String> = said.iter().filter(|text| !self.told.contains(text)).cloned().collect();
        self.told = said;
        fresh.into_iter().map(news).collect()
    }

    fn taken(&self) -> String {
        let source = self.source.display();
        format!("took the new Mesos certificates in {source}: {}", summary(&self.bundle))
    }

    fn refusal(&self, error: &CertificateError) -> String {
        let source = self.source.display();
        format!("the new Mesos certificates in {source} are not taken, and the old ones stay in use: {error}")
    }

    fn ended(&self, error: &CertificateError) -> String {
        let source = self.source.display();
        format!(
            "Mesos certificates: {error}; Mesos refuses the driver's next connection until {source} holds good ones, \
             which are taken without a restart"
        )
    }
}

/// What is compared and watched later needs no private key.
fn without_key(mut bundle: Bundle) -> Bundle {
    bundle.key.der = Vec::new();
    bundle
}
