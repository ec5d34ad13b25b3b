//! Until when the operator's own certificates are good: read when somebody asks, since they are renewed under it.

use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use lcmap_spark_agent::certificates;
use lcmap_spark_agent::report::Expiry;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::controller::mesos::Identities;

/// Reads them at each scrape.
#[derive(Debug)]
pub(super) struct OwnCertificates(pub(super) Identities);

impl Collector for OwnCertificates {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let now = Timestamp::now().as_second();
        let ends: Vec<_> = self.0.certificates().map(|(master, folder)| (master, expiry(folder))).collect();
        each(
            &mut encoder,
            "own_certificate_expiry_timestamp_seconds",
            "When the operator's own certificate for a Mesos ends, in Unix time; 0 if it cannot be read. Once it has ended, that \
             Mesos cannot be looked at.",
            ends.iter().map(|(master, end)| (*master, end.map_or(0, |end| end.at))),
        )?;
        each(
            &mut encoder,
            "own_certificate_expiring",
            "Whether that certificate is near its end, past it, or cannot be read (1) or not (0). If it is 1, renew the \
             Secret that the chart's mesos.identities names; the operator takes it over by itself.",
            ends.iter().map(|(master, end)| (*master, i64::from(end.is_none_or(|end| end.warn_from <= now)))),
        )
    }
}

fn expiry(folder: &Path) -> Option<Expiry> {
    certificates::read(folder).ok().as_ref().and_then(certificates::expiry)
}

/// Told apart by master: there are as many as the operator was configured for.
fn each<'a>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    values: impl Iterator<Item = (&'a str, i64)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (master, value) in values {
        ConstGauge::new(value).encode(family.encode_family(&[("master", master)])?)?;
    }
    Ok(())
}
