//! Why a file, or one of its documents, cannot be judged.

use super::source::{MAX_BYTES, Origin};

/// Why a file or one of its documents cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {fault}")]
pub struct ManifestError {
    /// The file, and the document where the fault is in one.
    pub origin: Origin,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a file or a document.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("cannot be read: {cause}")]
    Unreadable {
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The file is larger than any manifest can be.
    #[error("is larger than {} MiB, which no API server takes as a manifest", MAX_BYTES >> 20)]
    TooLarge,
    /// The file is not text.
    #[error("is no text in UTF-8 (byte {offset}); write the manifest as UTF-8 YAML or JSON")]
    NotText {
        /// The first byte that is no text.
        offset: usize,
    },
    /// The file holds no document.
    #[error("holds no document; write a SparkJob into it, or say --allow-none if nothing is to be there")]
    Empty,
    /// There is no SparkJob in any of the files.
    #[error(
        "no SparkJob is there to judge ({others} documents are something else); name the files that hold some, or say \
         --allow-none if none is to be there"
    )]
    Nothing {
        /// How many documents are something else.
        others: usize,
    },
    /// A document is not YAML, or a trap.
    #[error("not valid YAML: {message}")]
    Syntax {
        /// What is wrong, with line and column in the file.
        message: String,
    },
    /// A list that `kubectl` would not take apart.
    #[error("{field}: {problem}")]
    List {
        /// The field at fault.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}
