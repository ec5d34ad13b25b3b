use std::{
    ffi::OsStr,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use super::{ControlPlane, Error, Result, programs, run};

/// What kubectl said, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A program of Kubernetes' users, and as whom it speaks.
struct Client<'a> {
    program: &'a str,
    kubeconfig: &'a Path,
    home: &'a Path,
}

impl ControlPlane {
    /// `kubectl ARGS` as the administrator: its standard output, or an error with what it complained about.
    pub fn kubectl<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<String> {
        self.kubectl_with_input(args, "")
    }

    /// The same with `input` on standard input, for `kubectl apply -f -`.
    pub fn kubectl_with_input<A>(&self, args: impl IntoIterator<Item = A>, input: &str) -> Result<String>
    where
        A: AsRef<OsStr>,
    {
        self.client("kubectl").demand(args, input)
    }

    /// The same, where a refusal is an answer too.
    pub fn ask_kubectl<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
        input: &str,
    ) -> Result<Answer> {
        self.client("kubectl").ask(args, input)
    }

    /// `helm ARGS` as the administrator: its standard output, or an error with what it complained about.
    pub fn helm<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<String> {
        programs::build(&["helm"])?;
        self.client("helm").demand(args, "")
    }

    /// The same, where a refusal is an answer too.
    pub fn ask_helm<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<Answer> {
        programs::build(&["helm"])?;
        self.client("helm").ask(args, "")
    }

    /// Runs a script by the Lua that Argo CD has; what it prints.
    pub fn lua(&self, script: &str) -> Result<String> {
        programs::build(&["glua"])?;
        self.client("glua").demand(["-e", script], "")
    }

    /// A command that speaks to this cluster as the administrator, for a test that wants its process: `kubectl
    /// port-forward`, `kubectl attach`. It ends with the bed.
    pub fn command(&self, program: &str) -> Command {
        self.client(program).command()
    }

    fn client<'a>(&'a self, program: &'a str) -> Client<'a> {
        Client { program, kubeconfig: self.kubeconfig(), home: self.folder() }
    }
}

impl Client<'_> {
    /// With a home of its own for its caches, and so that its configuration is not this machine's.
    fn command(&self) -> Command {
        let mut command = Command::new(programs::path(self.program));
        command.env("KUBECONFIG", self.kubeconfig).env("HOME", self.home).env(run::MARK, self.home);
        for variable in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env_remove(variable);
        }
        command
    }

    fn demand<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>, input: &str) -> Result<String> {
        let args: Vec<A> = args.into_iter().collect();
        let answer = self.ask(&args, input)?;
        match answer.code {
            Some(0) => Ok(answer.stdout),
            code => {
                let words = args.iter().map(|arg| arg.as_ref().to_string_lossy());
                let command = [self.program.into()].into_iter().chain(words).collect::<Vec<_>>().join(" ");
                Err(Error::Failed { command, code, stderr: answer.stderr })
            }
        }
    }

    fn ask<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>, input: &str) -> Result<Answer> {
        let failed = |source| Error::Start { program: self.program.into(), source };
        let mut child = self
            .command()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // It may have refused its arguments and be gone, which its exit code then tells.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output().map_err(failed)?;
        Ok(Answer {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// Whether the API server at `kubeconfig` says that it is ready.
pub(crate) fn is_ready(kubeconfig: &Path, home: &Path) -> Result<bool> {
    let client = Client { program: "kubectl", kubeconfig, home };
    Ok(client.ask(["get", "--raw=/readyz"], "")?.stdout == "ok")
}
