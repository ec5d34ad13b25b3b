//! The labels of metrics. Closed lists: never the name of an object, nor the text of an error.

use std::fmt;

use lcmap_spark_crd::{Phase, Reason};
use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};

/// A label: its name, and the words that it can have.
pub(crate) trait Label: Copy {
    /// The label's name.
    const NAME: &'static str;

    /// This one's word.
    fn word(self) -> &'static str;
}

/// Metrics told apart by one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct By<L>(pub(super) L);

impl<L: Label> EncodeLabelSet for By<L> {
    fn encode(&self, encoder: &mut LabelSetEncoder) -> fmt::Result {
        (L::NAME, self.0.word()).encode(encoder.encode_label())
    }
}

impl Label for Phase {
    const NAME: &'static str = "phase";

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Label for Reason {
    const NAME: &'static str = "reason";

    fn word(self) -> &'static str {
        self.as_str()
    }
}

macro_rules! label {
    ($(#[$doc:meta])* $name:ident $label:literal { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum $name {
            $($(#[$word_doc])* $word,)*
        }

        impl $name {
            /// Every one.
            pub(crate) const ALL: &[Self] = &[$(Self::$word,)*];
        }

        impl Label for $name {
            const NAME: &'static str = $label;

            fn word(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)*
                }
            }
        }
    };
}

label! {
    /// What became of one look at a Mesos.
    Look "outcome" {
        /// It answered.
        Done = "done",
        /// It did not, or not what was asked.
        Failed = "failed",
    }
}

label! {
    /// What became of one look at a job.
    Outcome "outcome" {
        /// What was to be done was done, or there was nothing to do.
        Done = "done",
        /// The job had changed meanwhile; it is looked at again.
        Conflict = "conflict",
        /// Something went wrong; it is tried again later.
        Failed = "failed",
    }
}

label! {
    /// What went wrong between the operator and the API server.
    ErrorReason "reason" {
        /// A right is missing (403, 401).
        Forbidden = "forbidden",
        /// Somebody else wrote first (409).
        Conflict = "conflict",
        /// The object is gone, or its namespace (404).
        NotFound = "not_found",
        /// The API server refuses what it was sent (other 4xx).
        Refused = "refused",
        /// The API server asks for patience (429).
        Throttled = "throttled",
        /// The API server is not well (5xx).
        Unavailable = "unavailable",
        /// It was not reached, or the connection broke.
        Connection = "connection",
        /// No answer in time.
        Timeout = "timeout",
        /// What it said could not be read.
        Unreadable = "unreadable",
        /// The client could not be set up: its configuration, TLS or credentials.
        Configuration = "configuration",
    }
}

label! {
    /// The lanes of the queue.
    Lane "lane" {
        /// Jobs that run, end or are to be stopped.
        Finishing = "finishing",
        /// Jobs that wait to be started.
        Starting = "starting",
    }
}

label! {
    /// What is watched.
    Watched "kind" {
        /// The jobs.
        SparkJob = "SparkJob",
        /// Their drivers.
        Pod = "Pod",
        /// The namespaces that are chosen by labels.
        Namespace = "Namespace",
    }
}

impl From<&kube::Error> for ErrorReason {
    fn from(error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => match status.code {
                401 | 403 => Self::Forbidden,
                404 | 410 => Self::NotFound,
                409 => Self::Conflict,
                429 => Self::Throttled,
                504 => Self::Timeout,
                400..500 => Self::Refused,
                _ => Self::Unavailable,
            },
            kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_) => {
                Self::Connection
            }
            kube::Error::SerdeError(_)
            | kube::Error::FromUtf8(_)
            | kube::Error::LinesCodecMaxLineLengthExceeded => Self::Unreadable,
            _ => Self::Configuration,
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn an_answer_of_the_api_server_counts_by_its_code() {
        let table = [
            (401, ErrorReason::Forbidden),
            (403, ErrorReason::Forbidden),
            (404, ErrorReason::NotFound),
            (409, ErrorReason::Conflict),
            (410, ErrorReason::NotFound),
            (413, ErrorReason::Refused),
            (422, ErrorReason::Refused),
            (429, ErrorReason::Throttled),
            (500, ErrorReason::Unavailable),
            (503, ErrorReason::Unavailable),
            (504, ErrorReason::Timeout),
        ];
        for (code, reason) in table {
            let error = kube::Error::Api(Status::failure("", "").with_code(code).boxed());
            assert_eq!(ErrorReason::from(&error), reason, "{code}");
        }
    }
}
