//! What the operator logs: one JSON object a line on standard error, by a filter that can be changed while it runs.

mod filter;

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{Subscriber, info, warn};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt, reload};

use filter::{Change, FilterSource};

/// How often the filter's file is read. A ConfigMap reaches the pod after a minute or so anyway.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why there is no log as asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    /// The filter of the command line cannot be used.
    #[error(
        "--log-filter {text}: {message}; write a level (error, warn, info, debug, trace, off) or target=level, separated by commas, such as info,kube=debug"
    )]
    Filter {
        /// The filter as given.
        text: String,
        /// What is wrong with it.
        message: String,
    },
    /// This process logs already.
    #[error("the log of this process has been set up before")]
    Already,
}

/// The log, once it is set up.
#[must_use = "the filter's file is read only by `follow`"]
pub(crate) struct Telemetry {
    source: FilterSource,
    filter: reload::Handle<EnvFilter, Registry>,
}

impl Telemetry {
    /// Logs from now on by `filter`, or, as long as there is one and it can be used, by the filter in `file`.
    pub(crate) fn init(filter: &str, file: Option<PathBuf>) -> Result<Self, TelemetryError> {
        let parsed = filter::parse(filter)
            .map_err(|message| TelemetryError::Filter { text: filter.to_owned(), message })?;
        let (subscriber, handle) = subscriber(parsed, std::io::stderr);
        subscriber.try_init().map_err(|_| TelemetryError::Already)?;
        let mut telemetry = Self { source: FilterSource::new(filter.to_owned(), file), filter: handle };
        telemetry.look();
        Ok(telemetry)
    }

    /// Follows the filter's file, until it is cancelled.
    pub(crate) async fn follow(mut self, cancel: CancellationToken) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        while cancel.run_until_cancelled(looks.tick()).await.is_some() {
            self.look();
        }
    }

    /// Reads the file. It is a few bytes long and lies in the pod's memory, so that this may block.
    fn look(&mut self) {
        match self.source.look() {
            None => {}
            Some(Change::Use { text, filter }) => match self.filter.reload(*filter) {
                Ok(()) => info!(filter = text, "the log's filter has changed"),
                Err(error) => warn!(filter = text, "the log's filter stays as it is: {error}"),
            },
            Some(Change::Keep { file, message }) => {
                warn!(file = %file.display(), "the log's filter stays as it is: {message}");
            }
        }
    }
}

type Filtered = Layered<reload::Layer<EnvFilter, Registry>, Registry>;

/// JSON lines to `writer`: timestamp (RFC 3339, UTC), level, target, the event's fields, and those of its span.
fn subscriber<W>(
    filter: EnvFilter,
    writer: W,
) -> (impl Subscriber + Send + Sync, reload::Handle<EnvFilter, Registry>)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(filter);
    let lines = fmt::layer::<Filtered>()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    (tracing_subscriber::registry().with(filter).with(lines), handle)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Logs a few events under `filter`, changes it to `then`, logs them again, and gives back the lines.
    fn lines(filter: &str, then: &str) -> Vec<serde_json::Value> {
        let written = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&written);
        let (subscriber, handle) =
            subscriber(filter::parse(filter).unwrap(), move || Buffer(Arc::clone(&writer)));
        tracing::subscriber::with_default(subscriber, || {
            for filter in [None, Some(then)] {
                if let Some(filter) = filter {
                    handle.reload(filter::parse(filter).unwrap()).unwrap();
                }
                let _in_job = tracing::info_span!("reconcile", job = "default/pi").entered();
                tracing::info!(attempt = 2, "created the driver's pod");
                tracing::debug!("details");
            }
        });
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_an_object_with_the_events_fields_beside_time_level_and_target() {
        let line = &lines("info", "off")[0];
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "created the driver's pod");
        assert_eq!(line["attempt"], 2);
        assert_eq!(line["span"]["job"], "default/pi");
        assert!(line["target"].as_str().unwrap().contains("telemetry"));
        let timestamp = line["timestamp"].as_str().unwrap();
        assert!(timestamp.ends_with('Z') && timestamp.parse::<jiff::Timestamp>().is_ok(), "{timestamp}");
    }

    #[test]
    fn a_filter_that_is_changed_holds_for_what_follows() {
        assert_eq!(lines("info", "off").len(), 1);
        assert_eq!(lines("info", "debug").len(), 3);
    }

    #[test]
    fn a_filter_that_cannot_be_used_is_an_error_that_names_the_flag_and_the_text() {
        let error = Telemetry::init("inof", None).err().unwrap().to_string();
        assert!(error.starts_with("--log-filter inof: "), "{error}");
    }
}
