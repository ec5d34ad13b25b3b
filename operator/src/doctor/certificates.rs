//! The certificates that a job shows to Mesos, and those that masters show.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lcmap_spark_agent::certificates::{self, Described, UnixTime};
use lcmap_spark_crd::Reason;

use super::report::Report;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Checks a folder of certificates as the agent does.
pub(super) fn examine(folder: &Path, report: &mut Report) {
    let bundle = match certificates::read(folder) {
        Ok(bundle) => bundle,
        Err(error) => {
            return report.failed("certificates", Reason::CertificatesInvalid, error.to_string());
        }
    };
    let described = certificates::describe(&bundle.leaf, now()).as_ref().map(in_words).unwrap_or_default();
    match certificates::check(&bundle, now()) {
        Ok(warnings) => {
            let roots = bundle.files.roots.display();
            report.ok(
                "certificates",
                format!("{described}; its key matches, and it leads to a root in {roots}"),
            );
            for warning in warnings {
                report.note("certificates", warning);
            }
        }
        Err(error) => {
            report.note("certificates", described);
            report.failed("certificates", Reason::CertificatesInvalid, error.to_string());
        }
    }
}

/// What stands in a master's certificate, and how soon it ends if that is soon.
pub(super) fn of_master(der: &[u8]) -> (String, Option<String>) {
    let Some(described) = certificates::describe(der, now()) else {
        return ("it shows no certificate that can be read".to_owned(), None);
    };
    let soon = (described.left < certificates::WARN_AHEAD).then(|| {
        format!("the certificate of {} ends at {}: have it renewed", described.subject, described.until)
    });
    (in_words(&described), soon)
}

fn in_words(described: &Described) -> String {
    let Described { subject, issuer, names, until, left } = described;
    let names = if names.is_empty() { "no names".to_owned() } else { names.join(", ") };
    let days = left.as_secs() / DAY.as_secs();
    format!("{subject} ({names}), issued by {issuer}, valid until {until} ({days} days left)")
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
