//! A resource as the operator API tells it.
//!
//! Source: Mesos 1.11 `include/mesos/v1/mesos.proto`.

use std::ops::RangeInclusive;

use serde::Deserialize;

/// A resource.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "RawResource")]
pub struct Resource {
    /// `cpus`, `mem` (MiB), `disk` (MiB), `gpus`, `ports` …
    pub name: String,
    /// How much; none where it is no scalar.
    pub amount: Option<f64>,
    /// Which; empty where it has no ranges.
    pub ranges: Vec<RangeInclusive<u64>>,
    /// The role that it is reserved for. None: it is anybody's.
    pub reserved: Option<String>,
}

#[derive(Deserialize)]
struct Scalar {
    value: f64,
}

#[derive(Default, Deserialize)]
struct Ranges {
    #[serde(default)]
    range: Vec<Range>,
}

#[derive(Deserialize)]
struct Range {
    begin: u64,
    end: u64,
}

#[derive(Deserialize)]
struct RawResource {
    #[serde(default)]
    name: String,
    scalar: Option<Scalar>,
    #[serde(default)]
    ranges: Ranges,
    /// Before reservations could be refined: `*` is anybody's.
    role: Option<String>,
    /// The last of them counts.
    #[serde(default)]
    reservations: Vec<Reservation>,
}

#[derive(Deserialize)]
struct Reservation {
    #[serde(default)]
    role: String,
}

impl From<RawResource> for Resource {
    fn from(mut raw: RawResource) -> Self {
        let reserved = raw.reservations.pop().map(|it| it.role).or(raw.role);
        Self {
            name: raw.name,
            amount: raw.scalar.map(|scalar| scalar.value),
            ranges: raw.ranges.range.into_iter().map(|it| it.begin..=it.end).collect(),
            reserved: reserved.filter(|role| role != "*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whose_a_resource_is_is_read_in_the_forms_of_all_masters() {
        for (form, reserved) in [
            (json!({}), None),
            (json!({"role": "*"}), None),
            (json!({"role": "science"}), Some("science")),
            (
                json!({"reservations": [{"type": "STATIC", "role": "a"}, {"type": "DYNAMIC", "role": "a/b"}]}),
                Some("a/b"),
            ),
            (json!({"role": "*", "reservations": [{"type": "STATIC", "role": "a"}]}), Some("a")),
        ] {
            let mut resource = json!({"name": "cpus", "type": "SCALAR", "scalar": {"value": 2.0}});
            for (key, value) in form.as_object().unwrap() {
                resource[key] = value.clone();
            }
            let resource: Resource = serde_json::from_value(resource).unwrap();
            assert_eq!(resource.reserved.as_deref(), reserved, "{form}");
        }
    }

    #[test]
    fn ports_are_ranges() {
        let ports =
            json!({"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31000, "end": 31999}]}});
        let ports: Resource = serde_json::from_value(ports).unwrap();
        assert_eq!((ports.amount, ports.ranges), (None, vec![31000..=31999]));
    }
}
