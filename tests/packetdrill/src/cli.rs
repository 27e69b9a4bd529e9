//! The command line: files and directories of scripts, options as upstream's tool has them.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::language::{self, Define};
use crate::machine::{Machine, Setup};
use crate::report::{self, Total, Verdict};
use crate::run::config::{Config, FLAGS, IpVersion};
use crate::run::{Passed, run as run_script};

/// What the command line says besides files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--name=value` and flags, in order; they win over a script's own.
    pub settings: Vec<(String, Option<String>)>,
    /// `-v`: all packets and all output are shown, of scripts that pass too.
    pub verbose: bool,
}

impl Options {
    fn defines(&self) -> Vec<Define> {
        let value = |(name, value): &(String, Option<String>)| {
            let (symbol, value) = value.as_ref().filter(|_| name == "define")?.split_once('=')?;
            Some((symbol.to_owned(), value.to_owned()))
        };
        self.settings.iter().filter_map(value).collect()
    }
}

/// Takes arguments apart: `-D SYM=VAL`, `-v`, `--name=value`, `--name value`, `--flag`, and paths.
///
/// # Errors
/// A text for the usage message.
pub fn arguments(arguments: impl IntoIterator<Item = String>) -> Result<(Vec<PathBuf>, Options), String> {
    let mut options = Options::default();
    let mut paths = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "-v" || argument == "--verbose" {
            options.verbose = true;
        } else if let Some(define) = argument.strip_prefix("-D") {
            let define = if define.is_empty() { arguments.next() } else { Some(define.to_owned()) };
            let define = define.filter(|text| text.contains('=')).ok_or("-D needs SYMBOL=VALUE")?;
            options.settings.push(("define".to_owned(), Some(define)));
        } else if let Some(setting) = argument.strip_prefix("--") {
            let (name, value) = match setting.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None if FLAGS.contains(&setting) => (setting, None),
                None => (setting, Some(arguments.next().ok_or(format!("--{setting} needs a value"))?)),
            };
            options.settings.push((name.to_owned(), value));
        } else if argument.starts_with('-') {
            return Err(format!("the option {argument} is not known"));
        } else {
            paths.push(PathBuf::from(argument));
        }
    }
    // What is wrong with an option is said once, not for every script.
    let mut config = Config::default();
    for (name, value) in &options.settings {
        config.set(name, value.as_deref())?;
    }
    if paths.is_empty() { Err("no script is named".to_owned()) } else { Ok((paths, options)) }
}

/// Runs all scripts, each on a machine of its own, and prints a line for each and a total.
/// Returns the exit status: 0, 1 if a script failed, 2 if a path cannot be read or has no scripts.
pub fn run<F>(paths: &[PathBuf], options: &Options, mut factory: F) -> i32
where
    F: FnMut(&Setup) -> Result<Box<dyn Machine>, String>,
{
    let mut scripts = Vec::new();
    for path in paths {
        if let Err(error) = find(path, &mut scripts) {
            eprintln!("{}: {error}", path.display());
            return 2;
        }
    }
    if scripts.is_empty() {
        eprintln!("there are no scripts (*.pkt, *.pkt.fail)");
        return 2;
    }
    let start = Instant::now();
    let mut total = Total::default();
    for path in &scripts {
        let begun = Instant::now();
        let (verdict, output) = one(path, options, &mut factory);
        println!("{}", report::lines(&path.display().to_string(), &verdict, begun.elapsed()));
        if options.verbose {
            output.iter().for_each(|line| println!("    {line}"));
        }
        total.add(&verdict);
    }
    println!("{}", total.line(start.elapsed()));
    i32::from(total.failed > 0)
}

/// A file as it is named, or all scripts below a directory in the order of their names.
fn find(path: &Path, scripts: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        path.metadata()?;
        scripts.push(path.to_owned());
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = path.read_dir()?.collect();
    let mut entries: Vec<PathBuf> = entries?.into_iter().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() || name.ends_with(".pkt") || name.ends_with(".pkt.fail") {
            find(&entry, scripts)?;
        }
    }
    Ok(())
}

/// Runs one script; one whose name ends in `.fail` is meant to fail.
fn one<F>(path: &Path, options: &Options, factory: &mut F) -> (Verdict, Vec<String>)
where
    F: FnMut(&Setup) -> Result<Box<dyn Machine>, String>,
{
    let name = path.display().to_string();
    let meant_to_fail = name.ends_with(".fail");
    let (verdict, mut output) = match std::fs::read_to_string(path) {
        Ok(text) => script(&name, &text, options, factory),
        Err(error) => (Verdict::Failed(format!("{name}: {error}")), Vec::new()),
    };
    match verdict {
        Verdict::Ok if meant_to_fail => {
            (Verdict::Failed("it is meant to fail, and passed".to_owned()), output)
        }
        Verdict::Failed(details) if meant_to_fail => {
            output.extend(details.lines().map(|line| format!("as it is meant to: {line}")));
            (Verdict::Ok, output)
        }
        other => (other, output),
    }
}

/// The IP version that a script wants for itself, if the command line wants another one. Upstream's runners play such a
/// script with its own version alone.
fn other_version<'a>(
    own: &'a [(String, Option<String>)],
    wanted: &[(String, Option<String>)],
) -> Option<&'a str> {
    let own = own.iter().rfind(|(name, _)| name == "ip_version")?.1.as_deref()?;
    let wanted = wanted.iter().rfind(|(name, _)| name == "ip_version")?.1.as_deref()?;
    (own != wanted).then_some(own)
}

/// Runs the text of a script. The verdict, and what it printed.
pub fn script<F>(name: &str, text: &str, options: &Options, factory: &mut F) -> (Verdict, Vec<String>)
where
    F: FnMut(&Setup) -> Result<Box<dyn Machine>, String>,
{
    let mut config = Config::default();
    let parse = |defines: &[Define]| language::parse(name, text, defines, &options.defines());
    let mut script = match parse(&config.defines) {
        Ok(script) => script,
        Err(error) => return (Verdict::Failed(error.to_string()), Vec::new()),
    };
    if let Some(own) = other_version(&script.options, &options.settings) {
        return (Verdict::Skipped(format!("it is for {own} alone")), Vec::new());
    }
    config.verbose = options.verbose;
    for (option, value) in script.options.iter().chain(&options.settings) {
        if let Err(error) = config.set(option, value.as_deref()) {
            return (Verdict::Failed(format!("{name}: {error}")), Vec::new());
        }
    }
    // Symbols depend on the IP version, which the script itself may say.
    if config.ip_version == IpVersion::V6
        && let Ok(again) = parse(&config.defines)
    {
        script = again;
    }
    config.finish();
    if config.dry_run {
        return (Verdict::Ok, Vec::new());
    }
    let mut machine = match factory(&config.setup) {
        Ok(machine) => machine,
        Err(error) => return (Verdict::Failed(format!("{name}: no machine: {error}")), Vec::new()),
    };
    let directory = Path::new(name).parent().unwrap_or(Path::new("."));
    match run_script(&script, &config, directory, &mut *machine) {
        Ok(Passed { output, .. }) => (Verdict::Ok, output),
        Err(failure) if failure.skip => (Verdict::Skipped(failure.message), Vec::new()),
        Err(failure) => (Verdict::Failed(report::details(name, text, &failure, &failure.output)), Vec::new()),
    }
}
