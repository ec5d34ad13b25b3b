//! What a plan's fields may hold: everything that a process can be given, and nothing that the agent sets itself.

use super::{EnvValue, LaunchPlan, Master, Mesos, Run};

/// Spark properties that the agent alone sets, or libmesos.so reads elsewhere, each with the field that they come from.
pub const RESERVED_PROPERTIES: [(&str, &str); 8] = [
    ("spark.app.name", "spec.name"),
    ("spark.driver.memory", "spec.driver.memory"),
    ("spark.master", "spec.mode and spec.driver.cores"),
    ("spark.mesos.principal", CREDENTIALS),
    ("spark.mesos.principal.file", CREDENTIALS),
    // PySpark would write it on the JVM's command line.
    ("spark.mesos.secret", CREDENTIALS),
    ("spark.mesos.secret.file", CREDENTIALS),
    ("spark.submit.deployMode", "nothing: the driver always runs where the job does"),
];

const CREDENTIALS: &str = "spec.mesos.credentialsSecretName";

/// What is wrong with one field of a plan.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A NUL character, which neither an argument nor a variable can hold.
    #[error("{field} holds a NUL character, which no argument, variable or property can hold; remove it")]
    Nul {
        /// The field's path in the plan.
        field: String,
    },
    /// A variable's name that no environment can hold.
    #[error("{field} is {name:?}; a variable's name is not empty and holds no '='")]
    VariableName {
        /// The field's path in the plan.
        field: String,
        /// The name.
        name: String,
    },
    /// A carriage return in what one of Spark's commands is given.
    #[error(
        "{field} holds a carriage return, which Spark's own script would take out; leave it out, or put the text into a file"
    )]
    Return {
        /// The field's path in the plan.
        field: String,
    },
    /// A variable that the agent alone sets: the seed's programs and Spark read them, and a second opinion would
    /// silently lose or, worse, win.
    #[error("{field} sets {name}, which the agent sets itself; remove it")]
    ReservedVariable {
        /// The field's path in the plan.
        field: String,
        /// The name.
        name: String,
    },
    /// One of [`RESERVED_PROPERTIES`].
    #[error("{source_name} sets {property}, which comes from {owner}; remove it there and set that field")]
    ReservedProperty {
        /// Where the property was found: a field of the plan, or a folder.
        source_name: String,
        /// The property.
        property: String,
        /// The field of the `SparkJob` that owns it.
        owner: &'static str,
    },
    /// A Spark property without a name.
    #[error("{source_name} has a property with an empty name; name it or remove it")]
    EmptyProperty {
        /// Where the property was found.
        source_name: String,
    },
}

/// Refuses a property that the agent alone may set, or that has no name. `source_name` says where it was found.
pub(crate) fn property(source_name: &str, name: &str) -> Result<(), FieldError> {
    if name.is_empty() {
        return Err(FieldError::EmptyProperty { source_name: source_name.to_owned() });
    }
    match RESERVED_PROPERTIES.iter().find(|(reserved, _)| *reserved == name) {
        Some((_, owner)) => Err(FieldError::ReservedProperty {
            source_name: source_name.to_owned(),
            property: name.to_owned(),
            owner,
        }),
        None => Ok(()),
    }
}

/// Checks every field of a plan.
pub(super) fn check(plan: &LaunchPlan) -> Result<(), FieldError> {
    nul("applicationName", &plan.application_name)?;
    nul("image", &plan.image)?;
    check_run(&plan.run)?;
    for (name, value) in &plan.conf {
        let field = format!("conf[{name:?}]");
        property("conf", name)?;
        nul(&field, name)?;
        nul(&field, value)?;
    }
    for (index, folder) in plan.conf_from.iter().enumerate() {
        nul(&format!("confFrom[{index}]"), &folder.to_string_lossy())?;
    }
    for (index, variable) in plan.env.iter().enumerate() {
        check_name(&format!("env[{index}].name"), &variable.name)?;
        match &variable.value {
            EnvValue::Plain(value) => nul(&format!("env[{index}].value.plain"), value)?,
            EnvValue::File(path) => nul(&format!("env[{index}].value.file"), &path.to_string_lossy())?,
        }
    }
    if let Master::Mesos(mesos) = &plan.master {
        check_mesos(mesos)?;
    }
    if let Some(certificates) = &plan.certificates {
        nul("certificates.source", &certificates.source.to_string_lossy())?;
        if let Some(target) = &certificates.target {
            nul("certificates.target", &target.to_string_lossy())?;
        }
    }
    Ok(())
}

fn check_mesos(mesos: &Mesos) -> Result<(), FieldError> {
    nul("master.mesos.masters", &mesos.masters)?;
    nul("master.mesos.role", mesos.role.as_deref().unwrap_or_default())?;
    nul("master.mesos.serverName", mesos.server_name.as_deref().unwrap_or_default())?;
    nul("master.mesos.frameworkId", &mesos.framework_id)?;
    for (key, value) in &mesos.labels {
        nul(&format!("master.mesos.labels[{key:?}]"), key)?;
        nul(&format!("master.mesos.labels[{key:?}]"), value)?;
    }
    for (field, path) in [("credentials", &mesos.credentials), ("library", &mesos.library)] {
        let path = path.as_deref().unwrap_or_else(|| "".as_ref());
        nul(&format!("master.mesos.{field}"), &path.to_string_lossy())?;
    }
    Ok(())
}

fn check_run(run: &Run) -> Result<(), FieldError> {
    match run {
        Run::Submit(submit) => {
            through_spark("run.submit.application", &submit.application)?;
            through_spark("run.submit.mainClass", submit.main_class.as_deref().unwrap_or_default())?;
            arguments("run.submit.args", &submit.args, through_spark)
        }
        Run::Shell(shell) => arguments("run.shell.args", &shell.args, through_spark),
        Run::PySpark(shell) => arguments("run.pyspark.args", &shell.args, through_spark),
        Run::Notebook(notebook) => {
            let directory = notebook.directory.as_deref().unwrap_or_else(|| "".as_ref());
            let token_file = notebook.token_file.as_deref().unwrap_or_else(|| "".as_ref());
            nul("run.notebook.directory", &directory.to_string_lossy())?;
            nul("run.notebook.tokenFile", &token_file.to_string_lossy())?;
            nul("run.notebook.ip", &notebook.ip)?;
            arguments("run.notebook.args", &notebook.args, nul)
        }
    }
}

fn arguments(
    field: &str,
    args: &[String],
    check: impl Fn(&str, &str) -> Result<(), FieldError>,
) -> Result<(), FieldError> {
    args.iter().enumerate().try_for_each(|(index, arg)| check(&format!("{field}[{index}]"), arg))
}

/// What goes through `spark-class`, which removes carriage returns from whatever it starts.
fn through_spark(field: &str, value: &str) -> Result<(), FieldError> {
    nul(field, value)?;
    if value.contains('\r') { Err(FieldError::Return { field: field.to_owned() }) } else { Ok(()) }
}

fn check_name(field: &str, name: &str) -> Result<(), FieldError> {
    nul(field, name)?;
    if name.is_empty() || name.contains('=') {
        return Err(FieldError::VariableName { field: field.to_owned(), name: name.to_owned() });
    }
    if lcmap_spark_variables::find(name).is_some_and(lcmap_spark_variables::Variable::is_ours) {
        return Err(FieldError::ReservedVariable { field: field.to_owned(), name: name.to_owned() });
    }
    Ok(())
}

fn nul(field: &str, value: &str) -> Result<(), FieldError> {
    if value.contains('\0') { Err(FieldError::Nul { field: field.to_owned() }) } else { Ok(()) }
}
