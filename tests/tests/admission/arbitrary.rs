//! Manifests at random: what the schema describes, right in most places and wrong in some.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Value, json};

/// Texts that one field or another takes, and that others refuse.
const TEXTS: [&str; 34] = [
    "",
    "a",
    "pi",
    "A_b",
    "é",
    "a b",
    "-a",
    "0",
    "1g",
    "1024m",
    "2Gi",
    "1024",
    "10m",
    "1h30m",
    "1d",
    "0s",
    "99999h",
    "local:///a.py",
    "a.py",
    "a.jar",
    "https://h/a.zip",
    "cr\rlf",
    "/a/b",
    "mesos://h:5050",
    "mesos://zk://z:2181/mesos",
    "zk://z",
    "spark.x=y",
    "*",
    "a/b",
    "..",
    "org.apache.spark:spark-avro_2.12:3.5.0",
    "https://h/x",
    "line\nbreak",
    "nul\0",
];

/// Names of entries in maps.
const NAMES: [&str; 12] = [
    "a",
    "",
    "spark.app.id",
    "spark.executor.cores",
    "spark.master",
    "spark.mesos.role",
    "A_B",
    "a:b",
    "a;b",
    "lcmap.usgs.gov/x",
    "example.org/x",
    "bad key",
];

/// A generator of manifests; the same seed gives the same ones.
pub(crate) struct Arbitrary {
    state: u64,
}

impl Arbitrary {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn manifest(&mut self, spec: &JSONSchemaProps) -> Value {
        json!({
            "apiVersion": "lcmap.usgs.gov/v1alpha1", "kind": "SparkJob", "metadata": {"name": "arbitrary"},
            "spec": self.value(spec),
        })
    }

    /// `SplitMix64`.
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or_default() % bound
    }

    fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    fn value(&mut self, schema: &JSONSchemaProps) -> Value {
        if self.one_in(150) {
            return self.junk();
        }
        match schema.type_.as_deref() {
            Some("object") => Value::Object(self.object(schema)),
            Some("array") => self.array(schema),
            Some("boolean") => Value::Bool(self.one_in(2)),
            Some("integer") => self.integer(schema),
            Some("string") => Value::String(self.text(schema)),
            _ => self.junk(),
        }
    }

    /// A value of any type.
    fn junk(&mut self) -> Value {
        let values =
            [json!(null), json!(true), json!(1), json!(1.5), json!("x"), json!([]), json!({}), json!([{}])];
        let index = self.below(values.len());
        values.into_iter().nth(index).unwrap_or_default()
    }

    fn object(&mut self, schema: &JSONSchemaProps) -> Map<String, Value> {
        let mut object = Map::new();
        let required = schema.required.clone().unwrap_or_default();
        for (name, schema) in schema.properties.iter().flatten() {
            let wanted = if required.contains(name) { !self.one_in(40) } else { self.one_in(4) };
            if wanted {
                object.insert(name.clone(), self.value(schema));
            }
        }
        if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
            for _ in 0..self.below(4) {
                let name = NAMES[self.below(NAMES.len())];
                object.insert(name.into(), self.value(values));
            }
        }
        if self.one_in(150) {
            object.insert("unheardOf".into(), self.junk());
        }
        object
    }

    fn array(&mut self, schema: &JSONSchemaProps) -> Value {
        let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items else { return json!([]) };
        let most = schema.max_items.and_then(|most| usize::try_from(most).ok());
        let length = if self.one_in(60) { most.map_or(3, |most| most + 1) } else { self.below(4) };
        (0..length).map(|_| self.value(items)).collect()
    }

    fn integer(&mut self, schema: &JSONSchemaProps) -> Value {
        #[allow(clippy::cast_possible_truncation)] // the schema's bounds are whole numbers
        let bound = |bound: Option<f64>, other: i64| bound.map_or(other, |bound| bound as i64);
        let (least, most) = (bound(schema.minimum, -5), bound(schema.maximum, 5_000_000));
        let wrong = self.one_in(20);
        json!(match (self.below(3), wrong) {
            (0, true) => least - 1,
            (0, false) => least,
            (1, true) => most + 1,
            (1, false) => most,
            _ => least.midpoint(most),
        })
    }

    fn text(&mut self, schema: &JSONSchemaProps) -> String {
        let allowed = schema.enum_.iter().flatten().filter_map(|value| value.0.as_str());
        let allowed: Vec<&str> = allowed.collect();
        if !allowed.is_empty() && !self.one_in(60) {
            return allowed[self.below(allowed.len())].to_owned();
        }
        let most = schema.max_length.and_then(|most| usize::try_from(most).ok()).unwrap_or(64);
        match self.below(60) {
            0 => "a".repeat(most + 1),
            1 => "a".repeat(most),
            _ => TEXTS[self.below(TEXTS.len())].to_owned(),
        }
    }
}
