//! `topology`: how the parts of this program depend on each other.

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::error::CliError;

#[derive(Debug, Clone, Args)]
pub struct Topology {
    /// How it is written; `json` with `--json`.
    #[arg(long, default_value = "mermaid")]
    format: Format,
    /// Only the part with this name, what leads to it, and what it leads to. For `dot` and `svg`.
    #[arg(long, value_name = "NAME")]
    around: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A Mermaid flowchart, which many pages of documentation draw.
    Mermaid,
    /// A graph for Graphviz.
    Dot,
    /// A list of each kind of part.
    Json,
    /// A drawing.
    Svg,
}

#[derive(Serialize)]
struct Document {
    format: u32,
    #[serde(flatten)]
    topology: Value,
}

impl Topology {
    pub(crate) fn run(self, context: &Context) -> Result<(), CliError> {
        let topology = context.registry("topology")?.topology();
        let format = if context.output.is_json { Format::Json } else { self.format };
        let is_drawn = matches!(format, Format::Dot | Format::Svg);
        if self.around.is_some() && !is_drawn {
            return Err(CliError::Usage("`--around` is for `--format dot` and `--format svg`".to_owned()));
        }
        let graph = || match &self.around {
            Some(name) => topology.graph().around(name),
            None => topology.graph(),
        };
        match format {
            Format::Mermaid => context.output.line(topology.mermaid().trim_end()),
            Format::Dot => context.output.line(graph().dot().trim_end()),
            Format::Json => context.output.document(&Document { format: 1, topology: topology.json() }),
            Format::Svg => context.output.line(&graph().svg()),
        }
    }
}
