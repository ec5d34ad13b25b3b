//! What PySpark and Python read. Source: PySpark 3.5; `python --help-env` of Python 3.6 to 3.13.

use super::Inherited::{Dropped, KeptIfUtf8};
use super::Manifest::Refused;
use super::{Manifest, Variable, dropped, kept, row};

const BREAKS: &str = "another Python than the one that the job is meant for";

pub(crate) const PYTHON: &[Variable] = &[
    kept("ARROW_PRE_0_15_IPC_FORMAT", "how old versions of Arrow exchange data"),
    dropped("IPYTHON", "of Spark 1; pyspark refuses to start"),
    dropped("IPYTHON_OPTS", "of Spark 1; pyspark refuses to start"),
    kept("KOALAS_USAGE_LOGGER", "a module of the site's that is told of calls"),
    kept("PYARROW_IGNORE_TIMEZONE", "how Arrow takes time zones"),
    dropped("PYSPARK_DRIVER_PYTHON", "starts a Jupyter, or another Python, in place of the program"),
    dropped("PYSPARK_DRIVER_PYTHON_OPTS", "options of that Python"),
    dropped("PYSPARK_ENABLE_NAMEDTUPLE_PATCH", "how PySpark pickles"),
    dropped("PYSPARK_PANDAS_SQL_LEGACY", "another `pyspark.pandas.sql`"),
    kept("PYSPARK_PANDAS_USAGE_LOGGER", "a module of the site's that is told of calls"),
    dropped("PYSPARK_PIN_THREAD", "how threads of Python and Java belong together"),
    kept(
        "PYSPARK_PYTHON",
        "the Python of the place. Distributed, executors have `mesos.container.python` or, by `lcmap-spark run` without `--container`, `python3`",
    ),
    kept("PYSPARK_RELEASE_MIRROR", "without effect: pip reads it"),
    row(
        "PYSPARK_SUBMIT_ARGS",
        Dropped,
        Refused("spec.conf and spec.dependencies say it to every kind of run"),
        "options of Spark for each kernel of a notebook, its master too",
    ),
    dropped("PYTHONBREAKPOINT", "what `breakpoint()` does"),
    dropped("PYTHONDEVMODE", "Python's development mode"),
    kept("PYTHONDONTWRITEBYTECODE", "whether `.pyc` files are written"),
    dropped("PYTHONEXECUTABLE", BREAKS),
    kept("PYTHONFAULTHANDLER", "what is printed at a crash"),
    dropped("PYTHONHASHSEED", "0, as spark-submit has it: other values give wrong results by themselves"),
    dropped("PYTHONHOME", BREAKS),
    dropped("PYTHONINSPECT", "keeps Python at its prompt after the program"),
    row("PYTHONIOENCODING", KeptIfUtf8, Manifest::Honoured, "how Python reads and writes text"),
    kept("PYTHONMALLOC", "how Python takes memory"),
    kept("PYTHONNOUSERSITE", "leaves out the packages in the home folder"),
    dropped("PYTHONOPTIMIZE", "leaves out `assert`"),
    kept("PYTHONPATH", "further folders of modules, after Spark's own and `dependencies.pyFiles`"),
    dropped("PYTHONPLATLIBDIR", BREAKS),
    kept("PYTHONPYCACHEPREFIX", "where `.pyc` files are written"),
    dropped("PYTHONSAFEPATH", "leaves out the program's own folder"),
    dropped("PYTHONSTARTUP", "a file that pyspark, and each kernel of a notebook, runs first"),
    kept("PYTHONUNBUFFERED", "when output is written"),
    kept("PYTHONUSERBASE", "where packages of the home folder are"),
    row("PYTHONUTF8", Dropped, Manifest::Honoured, "the locale decides, which is UTF-8"),
    dropped("PYTHONVERBOSE", "prints each import"),
    kept("PYTHONWARNINGS", "which warnings are printed"),
];
