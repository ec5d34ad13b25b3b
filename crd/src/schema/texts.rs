//! Schemas of texts, each with its bound and a rule that says what to write.
//!
//! A rule, and not `pattern`: of a pattern the API server would show the regular expression. A pattern serves only against
//! NUL, which no argument, variable or path can hold, and against the carriage returns that Spark would take out of
//! arguments, since rules on thousands of long texts cost too much.

use kube::core::{Message, Reason, Rule};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::json;

use crate::owned::{NOTEBOOK_OPTIONS, Owned, SHELL_OPTIONS, variables};

/// Anything but NUL.
pub(crate) const NO_NUL: &str = r"^[^\x00]*$";

/// Anything but NUL and the carriage return, which Spark's own start script would take out without a word.
pub(crate) const NO_NUL_OR_RETURN: &str = r"^[^\x00\r]*$";

/// A text of at most so many characters that matches a pattern.
fn text(longest: u32, pattern: &str, message: &str) -> Schema {
    let rule = Rule::new(format!("self.matches('{}')", cel_text(pattern))).message(message);
    json_schema!({"type": "string", "maxLength": longest, "x-kubernetes-validations": [rule]})
}

/// A list of at most so many texts.
fn list(longest: u32, items: &Schema) -> Schema {
    json_schema!({"type": "array", "maxItems": longest, "items": items})
}

/// A text as it stands between single quotes in CEL.
fn cel_text(text: &str) -> String {
    text.replace('\\', r"\\").replace('\'', r"\'")
}

/// The name of a Kubernetes object: an RFC 1123 subdomain.
pub(crate) fn object_name(_: &mut SchemaGenerator) -> Schema {
    text(
        253,
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "write the name of an object: of a-z, 0-9, - and ., with a letter or digit at both ends",
    )
}

/// A key of a Secret or ConfigMap.
pub(crate) fn object_key(_: &mut SchemaGenerator) -> Schema {
    text(253, "^[-._a-zA-Z0-9]+$", "write a key of A-Z, a-z, 0-9, -, _ and .")
}

/// `spec.image`.
pub(crate) fn image(_: &mut SchemaGenerator) -> Schema {
    text(512, r"^[^\x00-\x20]+$", "write the name of an image, without blanks")
}

/// `spec.name`.
pub(crate) fn application_name(_: &mut SchemaGenerator) -> Schema {
    text(253, r"^[^\x00-\x1f\x7f]+$", "write a name without line breaks and other control characters")
}

/// `spec.run.submit.mainClass`.
pub(crate) fn class_name(_: &mut SchemaGenerator) -> Schema {
    text(512, r"^[^\x00-\x20/]+$", "write the full name of a class, such as org.example.Pi")
}

/// `spec.env[].name`.
pub(crate) fn env_name(_: &mut SchemaGenerator) -> Schema {
    let shape = Rule::new("self.matches('^[A-Za-z_][A-Za-z0-9_]*$')")
        .message("write a name as a shell has it: of A-Z, a-z, 0-9 and _, and no digit first");
    json_schema!({
        "type": "string",
        "maxLength": 253,
        "x-kubernetes-validations": [shape, not_owned("self", &variables())],
    })
}

/// `spec.run.submit.args`: the program's own. One of 32,767 characters, of four bytes each and with its NUL, just fits
/// Linux' `MAX_ARG_STRLEN`.
pub(crate) fn program_args(_: &mut SchemaGenerator) -> Schema {
    list(1024, &json_schema!({"type": "string", "maxLength": 32767, "pattern": NO_NUL_OR_RETURN}))
}

/// `spec.run.submit.application`.
pub(crate) fn application(_: &mut SchemaGenerator) -> Schema {
    let rule = Rule::new(r"!self.contains('\r')").message(NO_RETURN);
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 4096,
        "pattern": NO_NUL,
        "x-kubernetes-validations": [rule],
    })
}

/// What Spark's own start script would silently change.
pub(crate) const NO_RETURN: &str = "Spark takes carriage returns out of what its commands are given: leave them out, or put the text into a file or spec.env";

/// Arguments of one of Spark's own commands.
fn through_spark(mut list: Schema) -> Schema {
    let rule = Rule::new(r"self.all(arg, !arg.contains('\r'))").message(NO_RETURN);
    list.insert("x-kubernetes-validations".into(), json!([rule]));
    list
}

/// `spec.run.shell.args` and `spec.run.pyspark.args`.
pub(crate) fn shell_args(_: &mut SchemaGenerator) -> Schema {
    through_spark(options(SHELL_OPTIONS))
}

/// `spec.run.notebook.args`.
pub(crate) fn notebook_args(_: &mut SchemaGenerator) -> Schema {
    options(NOTEBOOK_OPTIONS)
}

/// A list of arguments without the options that a field owns, be they written as `--a b` or `--a=b`. Fewer and
/// shorter ones than a program's, since each is looked at by a rule.
fn options(owned: &[Owned]) -> Schema {
    let rule = not_owned("self.split('=', 2)[0]", owned);
    list(
        256,
        &json_schema!({
            "type": "string",
            "maxLength": 4096,
            "pattern": NO_NUL,
            "x-kubernetes-validations": [rule],
        }),
    )
}

/// Refuses what a field owns, with what to write instead. `name` is the CEL expression that finds it.
fn not_owned(name: &str, owned: &[Owned]) -> Rule {
    let names: Vec<String> = owned.iter().map(|owned| format!("'{}'", owned.name)).collect();
    let remedies: Vec<String> =
        owned.iter().map(|owned| format!("'{}': '{}'", owned.name, cel_text(&owned.remedy()))).collect();
    Rule::new(format!("!({name} in [{}])", names.join(", ")))
        .message(Message::Expression(format!("{{{}}}[{name}]", remedies.join(", "))))
        .reason(Reason::FieldValueForbidden)
}

const COMMA: &str =
    "write each path as an entry of its own: it cannot hold a comma, which Spark puts between them";

/// Lists of paths and URIs in `spec.dependencies`.
pub(crate) fn paths(_: &mut SchemaGenerator) -> Schema {
    list(256, &text(2048, r"^[^,\x00]+$", COMMA))
}

/// `spec.run.submit`: `SparkSubmit.isPython` and `isR` go by the ending alone, and all else is a jar.
pub(crate) fn program_ending() -> Rule {
    Rule::new(
        "has(self.mainClass) || size(self.application) == 0 || self.application.matches('[.](py|R|r)$|[.][jJ][aA][rR]([?#].*)?$')",
    )
    .message(Message::Expression(
        "self.application.endsWith('.ipynb') ? 'a notebook is no program: save it as .py (jupyter nbconvert --to script), or \
         run it by spec.run.notebook' : self.application.matches('[.](py|jar|R) ') ? 'arguments have a place of their own: \
         write them in spec.run.submit.args, one entry each' : 'Spark knows a program by its ending, and would take this \
         one for a jar: give it the ending .py or .jar, or set mainClass if it is a jar'"
            .to_owned(),
    ))
    .field_path(".application")
}

/// `spec.dependencies.pyFiles`. Source: `PACKAGE_EXTENSIONS` in Spark's `python/pyspark/context.py`; wheels are made
/// zips of by the agent.
pub(crate) fn python_paths(_: &mut SchemaGenerator) -> Schema {
    let comma = Rule::new("self.matches('^[^,\\\\x00]+$')").message(COMMA);
    let ending = Rule::new("self.matches('[.](py|zip|egg|jar|whl|PY|ZIP|EGG|JAR|WHL)([?#].*)?$|[*]$') || !self.matches('^[^,\\\\x00]+$')")
        .message("Spark gives .py, .zip, .egg and .jar to Python, and wheels work, too; put other files in spec.dependencies.files and packed environments in archives");
    let compiled = Rule::new("!self.matches('[.]whl([?#].*)?$') || self.matches('(-none-any|[*])[.]whl([?#].*)?$')").message(
        "this wheel holds compiled code, which Python cannot import from a wheel: install it in the image, or pack an environment for spec.dependencies.archives",
    );
    let remote = Rule::new("!self.matches('^[A-Za-z][A-Za-z0-9+.-]*:.*[.]whl([?#].*)?$') || self.matches('^(local|file):')").message(
        "Spark fetches a wheel from elsewhere under its own name, by which tasks do not import it: put it beside the manifest or in the image, or rename it to end in .zip",
    );
    list(
        256,
        &json_schema!({
            "type": "string",
            "maxLength": 2048,
            "x-kubernetes-validations": [comma, ending, compiled, remote],
        }),
    )
}

/// `spec.dependencies.packages`.
pub(crate) fn packages(_: &mut SchemaGenerator) -> Schema {
    let pattern = r"^[^:,\x00-\x20]+:[^:,\x00-\x20]+:[^:,\x00-\x20]+$";
    list(256, &text(512, pattern, "write group:artifact:version"))
}

/// `spec.dependencies.excludePackages`.
pub(crate) fn excluded_packages(_: &mut SchemaGenerator) -> Schema {
    list(256, &text(512, r"^[^:,\x00-\x20]+:[^:,\x00-\x20]+$", "write group:artifact"))
}

/// `spec.dependencies.repositories` and `spec.mesos.uris`.
pub(crate) fn uris(_: &mut SchemaGenerator) -> Schema {
    list(64, &text(2048, r"^[^,\x00-\x20]+$", "write each as an entry of its own, without blanks and commas"))
}

/// `spec.mesos.master`.
pub(crate) fn mesos_master(_: &mut SchemaGenerator) -> Schema {
    let hosts = r"mesos://[^/@,\\x00-\\x20]+(,[^/@,\\x00-\\x20]+)*";
    let zookeeper = r"mesos://zk://[^/@\\x00-\\x20]+/[^@\\x00-\\x20]+";
    let shape = Rule::new(format!("self.matches('^({hosts}|{zookeeper})$') || self.contains('@')")).message(
        "write mesos://host:5050, mesos://host1:5050,host2:5050 or mesos://zk://zk1:2181,zk2:2181/mesos",
    );
    // Mesos makes its nodes with EVERYONE_READ_CREATOR_ALL (src/master/contender/zookeeper.cpp).
    let password = Rule::new("!self.contains('@')")
        .message("leave user and password out: Mesos lets everybody read in ZooKeeper who leads");
    json_schema!({"type": "string", "maxLength": 1024, "x-kubernetes-validations": [shape, password]})
}

/// `spec.mesos.role`. Source: Mesos' `roles::validate`.
pub(crate) fn mesos_role(_: &mut SchemaGenerator) -> Schema {
    let parts = r"self.matches('^[^-/\\x00-\\x20][^/\\x00-\\x20]*(/[^-/\\x00-\\x20][^/\\x00-\\x20]*)*$')";
    let rule =
        Rule::new(format!("{parts} && !self.matches('(^|/)([.]|[.][.])(/|$)') && !self.contains('/*')"))
            .message(
                "a role has no blanks, no part that is empty, . or .. or begins with -, and * only alone",
            );
    json_schema!({"type": "string", "maxLength": 255, "x-kubernetes-validations": [rule]})
}

/// `spec.mesos.user`.
pub(crate) fn user_name(_: &mut SchemaGenerator) -> Schema {
    text(64, r"^[^:/\x00-\x20]+$", "write the name of a Unix user: no blanks, : or /")
}

/// `spec.mesos.certificates.serverName`.
pub(crate) fn server_name(_: &mut SchemaGenerator) -> Schema {
    text(253, "^[A-Za-z0-9.:_-]+$", "write a host name or an address")
}

/// `spec.mesos.container.network`.
pub(crate) fn network_name(_: &mut SchemaGenerator) -> Schema {
    text(253, r"^[^,\x00-\x20]+$", "write the name of a network, without blanks and commas")
}

/// `spec.mesos.container.volumes`.
pub(crate) fn volumes(_: &mut SchemaGenerator) -> Schema {
    let message = "write [host:]container[:ro|:rw], with absolute paths that hold no comma";
    list(64, &text(2048, r"^(/[^,:\x00]*:)?/[^,:\x00]*(:r[ow])?$", message))
}

/// `spec.mesos.container.home`.
pub(crate) fn absolute_path(_: &mut SchemaGenerator) -> Schema {
    text(1024, r"^/[^\x00]*$", "write an absolute path")
}

/// `spec.mesos.container.parameters[].key`.
pub(crate) fn option_name(_: &mut SchemaGenerator) -> Schema {
    text(
        63,
        "^[a-z][a-z0-9-]*$",
        "write the option's long name without the dashes before it, such as cap-add",
    )
}

/// `spec.mesos.container.parameters[].value`.
pub(crate) fn option_value(_: &mut SchemaGenerator) -> Schema {
    text(2048, r"^[^,\x00]*$", "the value cannot hold a comma, which Spark puts between parameters")
}

/// `spec.run.notebook.storage.size`.
pub(crate) fn storage_size(_: &mut SchemaGenerator) -> Schema {
    let rule = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))")
        .message("write a Kubernetes quantity above zero, such as 10Gi");
    json_schema!({"title": "quantity", "type": "string", "maxLength": 32, "x-kubernetes-validations": [rule]})
}
