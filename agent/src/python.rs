//! Which Python the driver has and which its workers.
//!
//! Executors on Mesos unpack archives into their working folder, and find `./environment/bin/python` there. A driver that
//! runs its tasks itself works in its user's folder, where nothing is unpacked: so the archive is unpacked in a folder of
//! ours, and the path made absolute.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use nix::unistd::{AccessFlags, access};

use crate::inputs;
use crate::plan::{LaunchPlan, Master, Packed, packed};
use crate::spark::Environment;

/// The variables that name a Python: of workers, and of the driver.
const VARIABLES: [&str; 2] = ["PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"];

/// The properties that do.
const PROPERTIES: [&str; 2] = ["spark.pyspark.python", "spark.pyspark.driver.python"];

/// Where archives are named.
const ARCHIVES: &str = "spark.archives";

/// Why a packed Python cannot be run here.
#[derive(Debug, thiserror::Error)]
#[error("{python} is in {archive} of spec.dependencies.archives, which is unpacked here for it: {why}")]
pub(crate) struct PythonError {
    python: String,
    archive: String,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("only Spark can fetch it, and does so when Python runs already; bring it along as a file")]
    Elsewhere,
    #[error("it must be a .tar.gz, .tgz or .tar; pack it as such")]
    Format,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it holds no {} that may be executed", .0.display())]
    Absent(PathBuf),
}

/// The Pythons of a plan that are packed, each with the archive that it is in.
pub(crate) fn packed_of<'a>(
    plan: &'a LaunchPlan,
    variables: &[(String, OsString)],
) -> Vec<(String, Packed<'a>)> {
    let archives = plan.conf.get(ARCHIVES).map_or("", String::as_str);
    let of_variables = variables
        .iter()
        .filter(|(name, _)| VARIABLES.contains(&name.as_str()))
        .filter_map(|(_, value)| Some(value.to_str()?.to_owned()));
    let of_conf = PROPERTIES.iter().filter_map(|name| plan.conf.get(*name).cloned());
    of_variables
        .chain(of_conf)
        .filter_map(|python| packed(&python, archives.split(',')).map(|packed| (python, packed)))
        .collect()
}

/// Unpacks the archives of packed Pythons below a folder, and says what each Python is there.
pub(crate) fn unpack(
    pythons: Vec<(String, Packed<'_>)>,
    below: &Path,
) -> Result<BTreeMap<String, PathBuf>, PythonError> {
    let mut unpacked = BTreeMap::new();
    for (python, packed) in pythons {
        let folder = below.join(packed.alias);
        let path = folder.join(&packed.inside);
        let prepare = || {
            if !folder.exists() {
                extract(packed.archive, &folder)?;
            }
            let runs = access(&path, AccessFlags::X_OK).is_ok() && path.is_file();
            if runs { Ok(()) } else { Err(Why::Absent(packed.inside.clone())) }
        };
        if let Err(why) = prepare() {
            return Err(PythonError { python, archive: packed.archive.to_owned(), why });
        }
        unpacked.insert(python, path);
    }
    Ok(unpacked)
}

fn extract(archive: &str, into: &Path) -> Result<(), Why> {
    let is_uri = archive.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    let path = match inputs::file(archive) {
        Some(path) => path,
        None if is_uri => return Err(Why::Elsewhere),
        None => archive.into(),
    };
    let file = File::open(&path)?;
    let reader: Box<dyn Read> = match path.extension().and_then(OsStr::to_str) {
        Some("gz" | "tgz") => Box::new(MultiGzDecoder::new(io::BufReader::new(file))),
        Some("tar") => Box::new(file),
        _ => return Err(Why::Format),
    };
    let mut archive = tar::Archive::new(reader);
    archive.set_preserve_mtime(false);
    archive.unpack(into)?;
    Ok(())
}

/// Puts what was unpacked in the place of each variable's value.
pub(crate) fn resolve(variables: &mut [(String, OsString)], unpacked: &BTreeMap<String, PathBuf>) {
    for (_, value) in variables.iter_mut().filter(|(name, _)| VARIABLES.contains(&name.as_str())) {
        if let Some(path) = value.to_str().and_then(|python| unpacked.get(python)) {
            *value = path.into();
        }
    }
}

/// The same for properties.
pub(crate) fn resolve_properties(conf: &mut BTreeMap<String, String>, unpacked: &BTreeMap<String, PathBuf>) {
    for name in PROPERTIES {
        if let Some(value) = conf.get_mut(name)
            && let Some(path) = unpacked.get(value)
        {
            *value = path.display().to_string();
        }
    }
}

/// Takes out of the image's properties the Pythons that the plan names by variables, which they would beat.
pub(crate) fn yield_to(variables: &[(String, OsString)], image: &mut BTreeMap<String, String>) {
    for (variable, property) in VARIABLES.iter().zip(PROPERTIES) {
        if variables.iter().any(|(name, _)| name == variable) {
            image.remove(property);
        }
    }
}

/// Workers' and driver's Python of a Distributed plan, as variables under the plan's own.
///
/// Executors have a Python of their own if the plan says so, or one that is packed. The driver has none of these, and
/// keeps the one of its place.
pub(crate) fn of_distributed(
    plan: &LaunchPlan,
    variables: &[(String, OsString)],
    place: &Environment,
) -> Vec<(&'static str, OsString)> {
    let Master::Mesos(mesos) = &plan.master else { return Vec::new() };
    let [workers, driver] = VARIABLES;
    let sets = |name: &str| variables.iter().any(|(variable, _)| variable == name);
    let own = || place.get(OsStr::new(workers)).cloned().unwrap_or_else(|| "python3".into());
    match &mesos.python {
        Some(python) if !sets(workers) => vec![(workers, python.into()), (driver, own())],
        _ if !packed_of(plan, variables).is_empty() => vec![(driver, own())],
        _ => Vec::new(),
    }
}
