//! Lists of objects, as `kubectl get -o yaml` prints them.

use lcmap_spark_crd::names::{API_VERSION, KIND};
use serde_json::Value;

use super::error::{Fault, ManifestError};
use super::{Document, Manifest, Origin, classify};

/// Takes a list apart into its items, and what is no list as it is.
///
/// The depth of lists in lists is bounded by that of YAML.
pub(super) fn take_apart(manifest: Manifest, documents: &mut Vec<Document>) {
    let kind = manifest.value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !kind.to_lowercase().ends_with("list") {
        return documents.push(classify(manifest));
    }
    let version = manifest.value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let is_list = kind.eq_ignore_ascii_case("List");
    let is_ours = kind.eq_ignore_ascii_case(&format!("{KIND}List"));
    let wanted = match (is_list, is_ours) {
        (true, _) => ("v1", "List".to_owned()),
        (_, true) => (API_VERSION, format!("{KIND}List")),
        // Lists of other objects hold no SparkJob.
        _ => return documents.push(classify(manifest)),
    };
    let fault = |field, problem| {
        Document::Faulty(ManifestError {
            origin: manifest.origin.clone(),
            fault: Fault::List { field, problem },
        })
    };
    for (field, found, wanted) in [("apiVersion", version, wanted.0), ("kind", &kind, &wanted.1)] {
        if found != wanted {
            return documents.push(fault(field, format!("is {found:?}, and must be {wanted}")));
        }
    }
    let items = match manifest.value.get("items") {
        Some(Value::Array(items)) => items,
        Some(Value::Null) => return, // what kubectl prints of nothing is []; Go writes null
        Some(_) => return documents.push(fault("items", "must be a list".to_owned())),
        None => return documents.push(fault("items", "is required; write the objects there".to_owned())),
    };
    for (index, item) in items.iter().enumerate() {
        let origin = Origin { item: Some(index + 1), ..manifest.origin.clone() };
        let fields = manifest.fields.of_item(&format!("items[{index}]"));
        take_apart(Manifest { origin, value: item.clone(), fields }, documents);
    }
}
