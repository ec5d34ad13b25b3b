//! What an edit of a field does to a job that exists.

/// What an edit of a field does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditClass {
    /// It holds at once; the driver is not touched.
    Live,
    /// It holds from the next attempt on; nothing is stopped.
    NextAttempt,
    /// A living job is stopped gracefully and runs anew; a finished one runs again.
    Restart,
}

/// The fields whose edit holds at once, as paths below `spec`, with all that is in them.
const LIVE: &[&str] = &[
    "activeDeadline",
    "mesos.allocationTimeout",
    "mesos.failoverTimeout",
    "mesos.registrationTimeout",
    "restart",
    "retention",
    "startTimeout",
    "suspend",
    "ttlAfterFinished",
];

/// The fields whose edit holds from the next attempt on.
const NEXT_ATTEMPT: &[&str] = &[
    "eventLog",
    "failureMessage",
    "run.notebook.idleTimeout",
    "run.pyspark.idleTimeout",
    "run.shell.idleTimeout",
    "terminationGracePeriod",
];

impl EditClass {
    /// The class of a field, by its path below `spec`. Whatever is not named otherwise is [`EditClass::Restart`].
    pub fn of(path: &str) -> Self {
        let is_in = |fields: &[&str]| {
            fields.iter().any(|field| {
                path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        if is_in(LIVE) {
            Self::Live
        } else if is_in(NEXT_ATTEMPT) {
            Self::NextAttempt
        } else {
            Self::Restart
        }
    }

    /// The class as descriptions write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::NextAttempt => "next attempt",
            Self::Restart => "restart",
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

    use super::*;
    use crate::schema::walk::{field, items};

    /// Calls `visit` with each field below `spec` that holds no further fields, and its path.
    fn leaves(schema: &JSONSchemaProps, path: &str, visit: &mut impl FnMut(&str, &JSONSchemaProps)) {
        for (name, field) in items(schema).unwrap_or(schema).properties.iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match &items(field).unwrap_or(field).properties {
                Some(_) if field.x_kubernetes_preserve_unknown_fields.is_none() => {
                    leaves(field, &path, visit);
                }
                _ => visit(&path, field),
            }
        }
    }

    #[test]
    fn every_field_says_its_class_in_its_description() {
        let definition = crate::crd();
        let schema =
            definition.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        let mut count = 0;
        leaves(field(schema, "spec").unwrap(), "", &mut |path, field| {
            let description = field.description.as_deref().unwrap_or_default();
            let sentence = format!("Edit class: {}.", EditClass::of(path).as_str());
            assert!(
                description.ends_with(&sentence),
                "spec.{path} should end with {sentence:?}: {description:?}"
            );
            count += 1;
        });
        assert!(count > 80, "{count} fields");
    }

    #[test]
    fn every_path_in_the_table_is_a_field() {
        let definition = crate::crd();
        let schema =
            definition.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        for path in LIVE.iter().chain(NEXT_ATTEMPT) {
            let mut at = field(schema, "spec");
            for name in path.split('.') {
                at = at.and_then(|schema| field(schema, name));
            }
            assert!(at.is_some(), "spec.{path}");
        }
    }

    #[test]
    fn a_path_is_no_prefix_of_another_name() {
        assert_eq!(EditClass::of("restart.policy"), EditClass::Live);
        assert_eq!(EditClass::of("restartish"), EditClass::Restart);
    }
}
