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
        let args: Vec<A> = args.into_iter().collect();
        let words: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
        let command = format!("kubectl {}", words.join(" "));
        let answer = self.ask_kubectl(&args, input)?;
        match answer.code {
            Some(0) => Ok(answer.stdout),
            code => Err(Error::Failed { command, code, stderr: answer.stderr }),
        }
    }

    /// The same, where a refusal is an answer too.
    pub fn ask_kubectl<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
        input: &str,
    ) -> Result<Answer> {
        run(self.kubeconfig(), self.folder(), args, input)
    }
}

/// `home` keeps kubectl's cache, and its configuration from being this machine's.
pub(crate) fn run<A: AsRef<OsStr>>(
    kubeconfig: &Path,
    home: &Path,
    args: impl IntoIterator<Item = A>,
    input: &str,
) -> Result<Answer> {
    let failed = |source| Error::Start { program: "kubectl".into(), source };
    let mut child = Command::new(programs::path("kubectl"))
        .args(args)
        .env("KUBECONFIG", kubeconfig)
        .env("HOME", home)
        .env(run::MARK, home)
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
