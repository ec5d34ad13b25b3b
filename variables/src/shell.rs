//! What Java, the C library and the bash of Spark's scripts read.

use super::Inherited::{Dropped, Filtered, KeptIfUtf8};
use super::{Manifest, Variable, dropped, kept, row};

const OPTIONS: &str = "options of every Java of the place, a trust store say; those that set Spark properties or the encoding are taken out";

pub(crate) const JAVA: &[Variable] = &[
    kept("CLASSPATH", "without effect: Spark says its own"),
    kept("JAVA_HOME", "where Java is"),
    row("JAVA_TOOL_OPTIONS", Filtered, Manifest::Honoured, OPTIONS),
    row("JDK_JAVA_OPTIONS", Filtered, Manifest::Honoured, OPTIONS),
    dropped("_JAVA_OPTIONS", "beats every other option of Java, `driver.memory` too"),
];

const LOCALE: &str = "kept if it is a UTF-8 that this place has; else `LC_ALL` is C.UTF-8, or en_US.UTF-8 where there is no C.UTF-8";

pub(crate) const TEXT: &[Variable] = &[
    dropped("BASHOPTS", "options of every bash"),
    dropped("BASH_ENV", "a file that each of Spark's scripts would run first"),
    row("LANG", KeptIfUtf8, Manifest::Honoured, LOCALE),
    row("LC_ALL", KeptIfUtf8, Manifest::Honoured, LOCALE),
    row("LC_CTYPE", KeptIfUtf8, Manifest::Honoured, LOCALE),
    row(
        "POSIXLY_CORRECT",
        Dropped,
        Manifest::Honoured,
        "another bash than the one that Spark's scripts are for",
    ),
    dropped("SHELLOPTS", "options of every bash"),
];
