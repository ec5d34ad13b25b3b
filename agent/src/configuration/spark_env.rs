//! `spark-env.sh`: the one of image or machine runs, and does not override what the manifest says.

use std::collections::BTreeSet;
use std::path::Path;

use lcmap_spark_variables::{Inherited, all};

/// The file that Spark's scripts run first.
pub(crate) const SPARK_ENV: &str = "spark-env.sh";

/// Those of bash, which cannot be set.
const READ_ONLY: [&str; 7] =
    ["BASHOPTS", "BASH_VERSINFO", "EUID", "POSIXLY_CORRECT", "PPID", "SHELLOPTS", "UID"];

/// A file that runs `original` and then gives every variable that is not inherited its value again:
/// those of the table, and those that the job sets. Values are remembered where it runs, since a program may have
/// set some by itself; so none is written here.
pub(super) fn guarded<'a>(original: &Path, set_by_job: impl Iterator<Item = &'a str>) -> String {
    let of_table = all()
        .filter(|variable| {
            !matches!(variable.inherited, Inherited::Kept | Inherited::KeptUnless(_) | Inherited::Filtered)
        })
        .map(|variable| variable.name);
    let names: BTreeSet<&str> = of_table.chain(set_by_job).filter(|name| is_settable(name)).collect();
    let names: Vec<&str> = names.into_iter().collect();
    format!(
        "\
# Written by lcmap-spark: the file of image or machine, and after it again what the manifest says.
for lcmap_name in {names}; do
    if [ -n \"${{!lcmap_name+x}}\" ]; then printf -v \"lcmap_was_$lcmap_name\" %s \"${{!lcmap_name}}\"; fi
done
. {original}
for lcmap_name in {names}; do
    lcmap_was=lcmap_was_$lcmap_name
    if [ -n \"${{!lcmap_was+x}}\" ]; then export \"$lcmap_name=${{!lcmap_was}}\"; else unset \"$lcmap_name\"; fi
    unset \"$lcmap_was\"
done
unset lcmap_name lcmap_was
",
        names = names.join(" "),
        original = quoted(&original.display().to_string()),
    )
}

fn is_settable(name: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(is_name)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && !READ_ONLY.contains(&name)
}

/// A text as one word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Runs an image's file by way of ours, as Spark's scripts do, and shows what is left.
    fn shown(original: &str, show: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it's");
        std::fs::write(&file, original).unwrap();
        let ours = folder.path().join(SPARK_ENV);
        std::fs::write(&ours, guarded(&file, ["GREETING", "UID"].into_iter())).unwrap();
        let script = format!("set -a; . {}; set +a; {show}", ours.display());
        let mut command = Command::new("bash");
        command.args(["--posix", "-c", &script]).env_clear();
        command.env("SPARK_CONF_DIR", "/private").env("GREETING", "two\nlines '").env("HOSTNAME", "here");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    }

    #[test]
    fn what_is_the_manifests_has_its_value_again_and_the_rest_stays() {
        let original =
            "SPARK_CONF_DIR=/etc/spark GREETING=no; PYSPARK_DRIVER_PYTHON=jupyter\nHADOOP_HOME=/hadoop";
        let show = "env | LC_ALL=C sort | grep -v -e ^_= -e ^PWD= -e ^SHLVL= -e ^OLDPWD=";
        assert_eq!(
            shown(original, show),
            "GREETING=two\nHADOOP_HOME=/hadoop\nHOSTNAME=here\nSPARK_CONF_DIR=/private\nlines '\n"
        );
    }

    #[test]
    fn a_file_that_returns_early_changes_nothing_of_it() {
        assert_eq!(shown("SPARK_CONF_DIR=/etc/spark; return 0", "echo $SPARK_CONF_DIR"), "/private\n");
    }
}
