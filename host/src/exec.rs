//! `wnet exec`: runs a tool as one more guest of an instance that runs.

use crate::cli::{ExecConfig, ToolSource};
use crate::failure::Failure;
use crate::files;
use crate::instance::client::{self, Tool};
use crate::instance::{Folder, InstanceName, list};
use crate::signals::Signals;
use crate::tell;
use crate::tools;
use rustix::fs::{MemfdFlags, memfd_create};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};

/// Exit code for a command line that lacks something.
const WRONG_USAGE: u8 = 2;

/// Runs a tool as `config` says; answers the exit code. What went wrong is told on standard error, in a line.
pub fn run(config: ExecConfig) -> u8 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(exec(config));
            // A thread may still wait for input; nobody waits for that.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::host(format!("cannot start: {error}"))),
    };
    outcome.unwrap_or_else(|failure| {
        tell(&failure);
        failure.exit_code
    })
}

async fn exec(config: ExecConfig) -> Result<u8, Failure> {
    let mut signals =
        Signals::watch().map_err(|error| Failure::host(format!("cannot watch signals: {error}")))?;
    let folder = Folder::of_user()?;
    let name = which(&config, &folder)?;
    let tool = tool(config, &folder, &name)?;
    let connection = client::connect(&folder, &name).await?;
    let reply = client::run(connection, tool, &mut signals).await?;
    if !reply.text.is_empty() {
        tell(&reply.text);
    }
    Ok(reply.exit_code)
}

/// The instance that was named.
fn which(config: &ExecConfig, folder: &Folder) -> Result<InstanceName, Failure> {
    config.on.clone().ok_or_else(|| {
        let instances = list(&folder.running());
        let command = config.command();
        Failure::new(
            WRONG_USAGE,
            format!("wnet {command}: say which instance, as in `wnet {command} --on NAME` ({instances})"),
        )
    })
}

fn tool(config: ExecConfig, folder: &Folder, instance: &InstanceName) -> Result<Tool, Failure> {
    let mut directories = files::directories(&config.directories)?;
    if directories.is_empty() && remembers(&config.tool) {
        directories = files::directories(&[(folder.memory(instance)?, "/".into())])?;
    }
    let (name, file) = match &config.tool {
        ToolSource::File(path) => {
            let file = File::open(path).map_err(|error| Failure::component_file(path, &error))?;
            (path.file_name().unwrap_or(path.as_os_str()), file)
        }
        ToolSource::BuiltIn(tool) => (OsStr::new(tool.name), built_in(tool)?),
    };
    Ok(Tool {
        name: name.to_string_lossy().into_owned(),
        file,
        directories,
        environment: files::environment(&config.environment),
        grants: config.grants,
        reads_terminal: matches!(config.tool, ToolSource::File(_)),
        arguments: config.arguments,
    })
}

/// Whether a tool of ours keeps something from one time to the next.
fn remembers(tool: &ToolSource) -> bool {
    matches!(tool, ToolSource::BuiltIn(tool) if tool.name == tools::NSTAT.name)
}

/// The tool's component as a file, which an instance of any build can read.
fn built_in(tool: &tools::Tool) -> Result<File, Failure> {
    if tool.component.is_empty() {
        return Err(Failure::host(format!(
            "this wnet was built without {}; build it with `cargo xtask build`",
            tool.name
        )));
    }
    let file = || -> io::Result<File> {
        let mut file = File::from(memfd_create(tool.name, MemfdFlags::CLOEXEC)?);
        file.write_all(tool.component)?;
        Ok(file)
    };
    file().map_err(|error| Failure::host(format!("cannot make a file of {}: {error}", tool.name)))
}
