//! Events for people: sentences on standard error, and a progress bar where there is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use console::{Style, style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Event, Subject};
use crate::progress::Progress;

/// Writes events for people.
#[derive(Debug, Default)]
pub(crate) struct Text {
    bar: Option<ProgressBar>,
    /// How many executors the bar tells of.
    executors: Option<i32>,
    job: Option<String>,
}

impl Text {
    /// Lets something else write to the terminal, without the bar in its way.
    pub(crate) fn suspended<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    pub(super) fn tell(&mut self, subject: &Subject, event: &Event) {
        match event {
            Event::Progress(progress) => return self.draw(progress),
            Event::Executors(executors) => self.executors = Some(executors.running),
            _ => {}
        }
        if let Event::Phase { .. } | Event::Result { .. } = event {
            self.bar = None; // dropped bars clear themselves
        }
        if self.job != subject.job {
            self.job.clone_from(&subject.job);
            if let Some(job) = &subject.job {
                self.line(&format!(
                    "{} {}",
                    style(job).for_stderr().bold(),
                    style(&subject.file).for_stderr().dim()
                ));
            }
        }
        if let Some(line) = sentence(subject, event) {
            self.line(&line);
        }
    }

    fn line(&self, line: &str) {
        use std::io::Write;
        self.suspended(|| {
            // In one write, or the lines of a driver with the same standard error come in between.
            let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
        });
    }

    fn draw(&mut self, progress: &Progress) {
        if !std::io::stderr().is_terminal() || progress.tasks == 0 {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(look) = ProgressStyle::with_template("  {bar:30.green} {percent:>3}%  {msg}  {elapsed}")
            {
                bar.set_style(look);
            }
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        bar.set_length(progress.tasks);
        bar.set_position(progress.tasks_done);
        bar.set_message(words(progress, self.executors));
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// What stands beside the bar.
fn words(progress: &Progress, executors: Option<i32>) -> String {
    let Progress { jobs, jobs_done, stages, stages_done, tasks, tasks_done, .. } = progress;
    let executors = match executors {
        None => String::new(),
        Some(1) => "  1 executor".to_owned(),
        Some(running) => format!("  {running} executors"),
    };
    format!("jobs {jobs_done}/{jobs}  stages {stages_done}/{stages}  tasks {tasks_done}/{tasks}{executors}")
}

fn sentence(subject: &Subject, event: &Event) -> Option<String> {
    let red = Style::new().for_stderr().red();
    Some(match event {
        Event::Refused { field, message } => {
            let origin = subject.place();
            let field = field.as_ref().map(|f| format!("{f}: ")).unwrap_or_default();
            format!("{} {origin}: {field}{message}", red.apply_to("refused"))
        }
        Event::Skipped { message } => format!("skipped {}: {message}", subject.place()),
        Event::Warning { message } => {
            format!("  {} {message}", Style::new().for_stderr().yellow().apply_to("warning"))
        }
        Event::Phase { phase, reason, message, .. } => {
            let reason = reason.unwrap_or_default();
            let colon = if message.is_empty() { "" } else { ": " };
            format!("  {:<10} {reason}{colon}{message}", phase_style(phase).apply_to(phase))
        }
        Event::Ui { url } => format!("  Spark UI   {url}"),
        Event::Notebook { url } => format!("  Notebook   {url}"),
        Event::Result { seconds, .. } => format!("  Took       {seconds}s"),
        Event::Progress(_) | Event::Executors(_) => return None,
    })
}

fn phase_style(phase: &str) -> Style {
    let style = Style::new().for_stderr();
    match phase {
        "Succeeded" => style.green(),
        "Failed" => style.red(),
        _ => style.cyan(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_of_executors_where_there_are_to_be_some() {
        let progress = Progress { jobs: 2, jobs_done: 1, tasks: 8, tasks_done: 5, ..Progress::default() };
        for (executors, words_of_them) in [(None, ""), (Some(1), "  1 executor"), (Some(0), "  0 executors")]
        {
            let expected = format!("jobs 1/2  stages 0/0  tasks 5/8{words_of_them}");
            assert_eq!(words(&progress, executors), expected);
        }
    }
}
