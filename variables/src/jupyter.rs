//! What Jupyter and its kernels read. Source: `jupyter_server` 2, `jupyter_core` 5, `jupyter_client` 8, ipykernel 6 and 7.

use super::Inherited::{Dropped, Replaced};
use super::Manifest::{Field, Refused};
use super::{Variable, dropped, internal, kept, row};

const TOKEN: &str = "run.notebook.tokenSecretName";
const RUNTIME: &str =
    "lcmap-spark keeps what Jupyter writes there, the token among it, where nobody else reads it";
const GUARD: &str = "without Jupyter's configuration nothing would guard the notebook's token";
const ELSEWHERE: &str = "runs kernels on another server, without the job's Spark";

pub(crate) const JUPYTER: &[Variable] = &[
    kept("IPYTHONDIR", "where IPython has its profile"),
    internal("JPY_INTERRUPT_EVENT"),
    internal("JPY_PARENT_PID"),
    internal("JPY_SESSION_NAME"),
    kept("JUPYTERHUB_SINGLEUSER_APP", "without effect outside a hub"),
    kept("JUPYTERLAB_DIR", "where JupyterLab has its files"),
    kept("JUPYTERLAB_SETTINGS_DIR", "where JupyterLab has its settings"),
    kept("JUPYTERLAB_WORKSPACES_DIR", "where JupyterLab has its workspaces"),
    kept("JUPYTER_ALLOW_INSECURE_WRITES", "for file systems without permissions"),
    kept("JUPYTER_CONFIG_DIR", "where the place has Jupyter's configuration"),
    kept(
        "JUPYTER_CONFIG_PATH",
        "where the place has Jupyter's configuration, after a folder of lcmap-spark's",
    ),
    kept("JUPYTER_DATA_DIR", "where the place has its kernels"),
    row("JUPYTER_GATEWAY_URL", Dropped, Refused("the kernels of a job run beside its notebook"), ELSEWHERE),
    row(
        "JUPYTER_NO_CONFIG",
        Replaced,
        Refused(GUARD),
        "leaves out Jupyter's configuration, and the guard of its token",
    ),
    kept("JUPYTER_PATH", "where the place has its kernels"),
    kept("JUPYTER_PLATFORM_DIRS", "which folders are Jupyter's"),
    row("JUPYTER_PORT", Dropped, Field("run.notebook.port"), ""),
    dropped("JUPYTER_PORT_RETRIES", "a port that is taken is an error"),
    kept("JUPYTER_PREFER_ENV_PATH", "which of Jupyter's folders comes first"),
    row("JUPYTER_RUNTIME_DIR", Replaced, Refused(RUNTIME), "where Jupyter writes what it listens on"),
    dropped("JUPYTER_SERVER_ALLOW_UNAUTHENTICATED_ACCESS", "whether others get in without a token"),
    row("JUPYTER_TOKEN", Replaced, Field(TOKEN), "never set: Jupyter reads its token from a file"),
    row("JUPYTER_TOKEN_FILE", Replaced, Field(TOKEN), "the file with the notebook's token"),
    kept("JUPYTER_USE_PROGRAMDATA", "without effect on Linux"),
];
