//! `wnet exec`, and the short forms of the tools that are part of `wnet`.

use super::guests::texts;
use super::values::{self, DirectoryMapping, Variable};
use crate::gate::{Grant, Grants};
use crate::instance::InstanceName;
use crate::tools::Tool;
use std::ffi::OsString;
use std::path::PathBuf;

/// Runs a tool as one more guest of an instance that runs
///
/// The tool is a guest program: it shares the network stack of `wnet run --name NAME`, has the terminal of this
/// command, and ends with it. Its exit code becomes that of wnet.
#[derive(Debug, clap::Args)]
#[command(after_help = super::AFTER_HELP)]
pub(super) struct ExecArguments {
    /// Name of the instance [required]
    #[arg(long, value_name = "NAME")]
    on: Option<InstanceName>,

    /// Directory HOST of this machine that the tool sees as GUEST [default GUEST: the same path]
    #[arg(long = "dir", value_name = "HOST[::GUEST]", value_parser = values::directory)]
    directories: Vec<DirectoryMapping>,

    /// Variable in the tool's environment; without a value it is copied from this one [default: none]
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = values::variable)]
    environment: Vec<Variable>,

    /// What the tool may do that guests may not: `control`, `raw`, `ping`, `packet`, several with commas between
    /// [default: nothing]
    #[arg(long = "grant", value_name = "WHAT", value_delimiter = ',', value_parser = values::grant)]
    grants: Vec<Grant>,

    /// The tool, a component, and its arguments, which are passed on as they are
    #[arg(value_names = ["TOOL.wasm", "ARGS"], required = true, trailing_var_arg = true)]
    tool: Vec<OsString>,
}

// No doc comment: each tool has one of its own.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(super) struct ToolArguments {
    /// Name of the instance; before the tool's arguments [required]
    #[arg(long, value_name = "NAME")]
    on: Option<InstanceName>,

    /// The tool's arguments, which are passed on as they are
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// What `wnet exec` or a short form is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecConfig {
    /// On which instance.
    pub on: Option<InstanceName>,
    /// The program.
    pub tool: ToolSource,
    /// Its arguments without its name.
    pub arguments: Vec<String>,
    /// Its environment, as [`Guest`](super::Guest) has it.
    pub environment: Vec<(String, Option<String>)>,
    /// Directories of this machine, each with its path in the guest.
    pub directories: Vec<(PathBuf, String)>,
    /// What it may do beyond using its own sockets.
    pub grants: Grants,
}

/// Where a tool's component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolSource {
    /// In a file.
    File(PathBuf),
    /// In this program.
    BuiltIn(&'static Tool),
}

impl ExecConfig {
    /// The word behind `wnet`.
    pub fn command(&self) -> &'static str {
        match self.tool {
            ToolSource::File(_) => "exec",
            ToolSource::BuiltIn(tool) => tool.name,
        }
    }
}

/// `wnet exec`. The error is one line.
pub(super) fn from_arguments(arguments: ExecArguments) -> Result<ExecConfig, String> {
    let ExecArguments { on, directories, environment, grants, tool } = arguments;
    let mut words = tool.into_iter();
    let file = words.next().ok_or("expected TOOL.wasm")?;
    Ok(ExecConfig {
        on,
        tool: ToolSource::File(file.into()),
        arguments: texts(words)?,
        environment,
        directories,
        grants: grants.into_iter().collect(),
    })
}

/// The short form of `tool`. The error is one line.
pub(super) fn short_form(tool: &'static Tool, arguments: ToolArguments) -> Result<ExecConfig, String> {
    let ToolArguments { on, arguments } = arguments;
    let arguments = texts(arguments)?;
    if on.is_none() && arguments.iter().any(|word| word == "--on" || word.starts_with("--on=")) {
        let name = tool.name;
        return Err(format!("--on comes before the arguments of {name}: wnet {name} --on NAME ..."));
    }
    Ok(ExecConfig {
        on,
        tool: ToolSource::BuiltIn(tool),
        arguments,
        environment: Vec::new(),
        directories: Vec::new(),
        grants: tool.grants.iter().copied().collect(),
    })
}
