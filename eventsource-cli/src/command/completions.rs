//! `completions`.

use clap::Args;
use clap_complete::Shell;

use crate::context::Context;
use crate::error::CliError;

#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, context: &Context, mut definition: clap::Command) -> Result<(), CliError> {
        let mut script = Vec::new();
        let program = definition.get_name().to_owned();
        clap_complete::generate(self.shell, &mut definition, program, &mut script);
        context.output.line(String::from_utf8_lossy(&script).trim_end())
    }
}
