//! The one merge of Spark's properties.

use super::properties::Properties;

/// Spark's own pattern of what it hides in its UI and event log, `spark.redaction.regex`
/// (Spark 3.5, `org.apache.spark.internal.config.SECRET_REDACTION_PATTERN`).
const SPARKS_REDACTION: &str = "(?i)secret|password|token|access[.]key";

/// Where properties come from, lowest first.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The image's own `spark-defaults.conf`.
    pub image: Properties,
    /// What the agent proposes and a job may change.
    pub proposed: Properties,
    /// The names of what is proposed whose values are secrets.
    pub secret: Vec<String>,
    /// Operator and job, from the plan.
    pub plan: Properties,
    /// The plan's folders, in order.
    pub folders: Vec<Properties>,
    /// What the agent alone sets.
    pub owned: Properties,
}

/// Merges image < proposed < plan < folders < owned.
///
/// Properties that come from folders count as secrets, too: Spark hides them by name.
pub(crate) fn merge(sources: Sources) -> Properties {
    let of_folders = sources.folders.iter().flatten().map(|(name, _)| name);
    let secret: Vec<String> = sources.secret.iter().chain(of_folders).map(|name| quote(name)).collect();
    let mut merged = sources.image;
    merged.extend(sources.proposed);
    merged.extend(sources.plan);
    merged.extend(sources.folders.into_iter().flatten());
    merged.extend(sources.owned);
    if !secret.is_empty() {
        let pattern = merged.entry("spark.redaction.regex".to_owned());
        let pattern = pattern.or_insert_with(|| SPARKS_REDACTION.to_owned());
        *pattern = format!("{pattern}|{}", secret.join("|"));
    }
    merged
}

/// A name as a regular expression that matches just this name.
fn quote(name: &str) -> String {
    let mut quoted = String::from("^");
    for character in name.chars() {
        if !character.is_alphanumeric() {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted + "$"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(pairs: &[(&str, &str)]) -> Properties {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn later_sources_win() {
        let sources = Sources {
            image: properties(&[("spark.a", "image"), ("spark.b", "image"), ("spark.image", "kept")]),
            proposed: properties(&[("spark.a", "agent"), ("spark.b", "agent"), ("spark.c", "agent")]),
            secret: vec![],
            plan: properties(&[("spark.b", "plan"), ("spark.c", "plan"), ("spark.d", "plan")]),
            folders: vec![
                properties(&[("spark.c", "first"), ("spark.d", "first")]),
                properties(&[("spark.d", "second")]),
            ],
            owned: properties(&[("spark.master", "local[2]")]),
        };
        let merged = merge(sources);
        for (name, value) in [
            ("spark.a", "agent"),
            ("spark.b", "plan"),
            ("spark.c", "first"),
            ("spark.d", "second"),
            ("spark.image", "kept"),
            ("spark.master", "local[2]"),
        ] {
            assert_eq!(merged[name], value, "{name}");
        }
    }

    #[test]
    fn properties_from_folders_are_hidden_by_name() {
        let folders = vec![properties(&[("spark.my.pass-phrase", "x")])];
        let merged = merge(Sources { folders, ..Sources::default() });
        let expected = "(?i)secret|password|token|access[.]key|^spark\\.my\\.pass\\-phrase$";
        assert_eq!(merged["spark.redaction.regex"], expected);
    }

    #[test]
    fn a_secret_that_executors_are_given_is_hidden_by_name() {
        let secret = vec!["spark.executorEnv.KEY".to_owned()];
        let merged = merge(Sources { secret, ..Sources::default() });
        let expected = "(?i)secret|password|token|access[.]key|^spark\\.executorEnv\\.KEY$";
        assert_eq!(merged["spark.redaction.regex"], expected);
    }

    #[test]
    fn a_pattern_of_the_user_is_kept() {
        let plan = properties(&[("spark.redaction.regex", "mine")]);
        let folders = vec![properties(&[("spark.x", "y")])];
        let merged = merge(Sources { plan, folders, ..Sources::default() });
        assert_eq!(merged["spark.redaction.regex"], "mine|^spark\\.x$");
    }

    #[test]
    fn nothing_is_hidden_when_nothing_is_secret() {
        assert!(!merge(Sources::default()).contains_key("spark.redaction.regex"));
    }
}
