//! The table of the environment variables that change what Spark, PySpark, Python and Jupyter do.
//!
//! The manifest decides. What a shell, an image or its `spark-env.sh` says is taken only where it tells of the place
//! (where Hadoop is, what Python is called) and not of the job. Agent, admission and reference all read this table.

mod jupyter;
mod markdown;
mod python;
mod shell;
mod spark;

pub use markdown::markdown;

/// One environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What becomes of it when shell, image or `spark-env.sh` set it.
    pub inherited: Inherited,
    /// What becomes of it when `spec.env` sets it.
    pub manifest: Manifest,
    /// What it does, or why it is treated so.
    pub note: &'static str,
}

/// What becomes of a variable that shell, image or `spark-env.sh` set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inherited {
    /// It reaches the job.
    Kept,
    /// It reaches the job unless the job has this Spark property, which it would beat.
    KeptUnless(&'static str),
    /// It reaches the job if it names UTF-8.
    KeptIfUtf8,
    /// It reaches the job without the options that set Spark properties or an encoding.
    Filtered,
    /// It does not reach the job, and a warning says so.
    Dropped,
    /// It does not reach the job: Spark's processes tell each other by it.
    Internal,
    /// lcmap-spark sets it.
    Replaced,
    /// lcmap-spark sets it for a job that has certificates for Mesos; for others it is kept.
    ReplacedIfCertified,
}

/// What becomes of a variable that `spec.env` sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manifest {
    /// It reaches the job.
    Honoured,
    /// It is refused: this field, below `spec`, says the same.
    Field(&'static str),
    /// It is refused, for this reason.
    Refused(&'static str),
}

/// Variables that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The program that reads them.
    pub title: &'static str,
    /// The variables.
    pub variables: &'static [Variable],
}

/// The table.
pub const FAMILIES: [Family; 8] = [
    Family { title: "Set by lcmap-spark", variables: spark::OURS },
    Family { title: "Spark", variables: spark::SPARK },
    Family { title: "Spark's processes among themselves", variables: spark::INTERNAL },
    Family { title: "Spark's own servers, of which a job starts none", variables: spark::SERVERS },
    Family { title: "PySpark and Python", variables: python::PYTHON },
    Family { title: "Java", variables: shell::JAVA },
    Family { title: "Text and bash", variables: shell::TEXT },
    Family { title: "Jupyter", variables: jupyter::JUPYTER },
];

/// Every variable of the table.
pub fn all() -> impl Iterator<Item = &'static Variable> {
    FAMILIES.iter().flat_map(|family| family.variables)
}

/// The variable of this name.
pub fn find(name: &str) -> Option<&'static Variable> {
    all().find(|variable| variable.name == name)
}

impl Variable {
    /// Whether the agent sets it, so that no plan may.
    pub fn is_ours(&self) -> bool {
        matches!(self.inherited, Inherited::Replaced | Inherited::ReplacedIfCertified)
    }
}

const fn row(name: &'static str, inherited: Inherited, manifest: Manifest, note: &'static str) -> Variable {
    Variable { name, inherited, manifest, note }
}

const fn kept(name: &'static str, note: &'static str) -> Variable {
    row(name, Inherited::Kept, Manifest::Honoured, note)
}

const fn dropped(name: &'static str, note: &'static str) -> Variable {
    row(name, Inherited::Dropped, Manifest::Honoured, note)
}

const fn internal(name: &'static str) -> Variable {
    row(name, Inherited::Internal, Manifest::Honoured, "")
}

/// One that a field of the specification decides.
const fn field(name: &'static str, field: &'static str, note: &'static str) -> Variable {
    row(name, Inherited::Dropped, Manifest::Field(field), note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_stands_twice_and_each_family_is_sorted() {
        let mut names: Vec<&str> = all().map(|variable| variable.name).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        for family in &FAMILIES {
            assert!(family.variables.is_sorted_by(|a, b| a.name < b.name), "{}", family.title);
        }
    }

    #[test]
    fn what_lcmap_spark_sets_alone_no_manifest_may_set() {
        for variable in all().filter(|variable| variable.is_ours()) {
            assert_ne!(variable.manifest, Manifest::Honoured, "{}", variable.name);
        }
    }
}
