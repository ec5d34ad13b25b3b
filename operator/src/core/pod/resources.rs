//! How large a driver is in a pod, and what it asks its node for.

use lcmap_spark_agent::plan::{DriverSize, Run};
use lcmap_spark_agent::sizing::Language;
use lcmap_spark_crd::quantity;
use lcmap_spark_crd::spec::Driver;
use serde_json::{Map, Value, json};

use crate::core::Settings;

/// What a driver asks its node for, and what it then tells Spark.
pub(super) struct Resources {
    /// The container's `resources`, under what the template says.
    pub(super) requested: Value,
    /// Spark's share.
    pub(super) size: DriverSize,
}

/// Sizes a driver. What the template sets for its container wins, and heap and N follow.
pub(super) fn of(driver: &Driver, run: &Run, template: &Value, settings: &Settings) -> Resources {
    let set = |resource: &str| {
        let at = |kind: &str| template["resources"][kind].get(resource);
        at("limits").or_else(|| at("requests"))
    };
    let (mut requests, mut limits) = (Map::new(), Map::new());
    let cores = driver.cores.and_then(|cores| u32::try_from(cores).ok());
    let cores = if let Some(quantity) = set("cpu") {
        cores.or_else(|| whole_cores(quantity))
    } else {
        let cores = cores.unwrap_or(settings.driver_cores);
        requests.insert("cpu".into(), json!(cores.to_string()));
        Some(cores)
    };
    let mut memory_mib = driver.memory.map(lcmap_spark_crd::Memory::mib);
    let overhead = driver.memory_overhead.map(lcmap_spark_crd::Memory::mib);
    if set("memory").is_none() {
        let heap = memory_mib.unwrap_or_else(|| settings.driver_memory.mib());
        let whole = heap + overhead.unwrap_or_else(|| Language::of(run).overhead_mib(heap));
        requests.insert("memory".into(), json!(format!("{whole}Mi")));
        limits.insert("memory".into(), json!(format!("{whole}Mi")));
        memory_mib = Some(heap);
    }
    let requested = json!({"requests": requests, "limits": limits});
    Resources { requested, size: DriverSize { cores, memory_mib, memory_overhead_mib: overhead } }
}

/// What a quota or a limit range may demand of every container of a pod.
const OF_EVERY_CONTAINER: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// What an init container of ours asks for: what the driver does, so that whatever a namespace allows the driver, it allows
/// this one. It costs nothing: a pod is charged for its containers or for its largest init container, not for both
/// (<https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers>).
///
/// `driver` is the driver's `resources` as they will be, `template` what the template says of the init container.
pub(super) fn of_init(driver: &Value, template: &Value) -> Value {
    let is_set = |resource: &str| {
        ["limits", "requests"].iter().any(|kind| !template["resources"][kind][resource].is_null())
    };
    let shared = |kind: &str| {
        let quantities = driver[kind].as_object().into_iter().flatten();
        let shared = quantities.filter(|(resource, quantity)| {
            OF_EVERY_CONTAINER.contains(&resource.as_str()) && !quantity.is_null() && !is_set(resource)
        });
        shared.map(|(resource, quantity)| (resource.clone(), quantity.clone())).collect::<Map<_, _>>()
    };
    json!({"requests": shared("requests"), "limits": shared("limits")})
}

/// Whole cores of a Kubernetes quantity, rounded up: `1500m` is 2. None if it is none; the API server says so.
fn whole_cores(value: &Value) -> Option<u32> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let cores = quantity(&text)?.ceil();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within bounds, and whole
    (1.0..=65_536.0).contains(&cores).then_some(cores as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_of_a_quantity_are_rounded_up() {
        for (quantity, cores) in [
            (json!("1500m"), Some(2)),
            (json!("4"), Some(4)),
            (json!(2), Some(2)),
            (json!("0.5"), Some(1)),
            (json!("many"), None),
            (json!("0"), None),
            (json!(null), None),
        ] {
            assert_eq!(whole_cores(&quantity), cores, "{quantity}");
        }
    }
}
