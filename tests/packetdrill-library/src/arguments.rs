//! What the tool was told: its command line, the options of its scripts, and `--so_flags`.

use packetdrill::cli;
use packetdrill::run::Config;
use packetdrill::run::config::IpVersion;
use std::path::PathBuf;

/// The tool's command line.
pub(crate) struct Arguments {
    options: Vec<(String, Option<String>)>,
    scripts: Vec<PathBuf>,
}

impl Arguments {
    /// Of this process. What is wrong with them is the tool's business, which has looked at them before.
    pub(crate) fn of_process() -> Self {
        Self::of(std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()))
    }

    fn of(arguments: impl Iterator<Item = String>) -> Self {
        let (scripts, options) = cli::arguments(arguments).unwrap_or_default();
        Arguments { options: options.settings, scripts }
    }

    /// The value of an option; the last one counts.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut found = self.options.iter().rev().filter(|(option, _)| option == name);
        found.next().and_then(|(_, value)| value.as_deref())
    }

    /// How the machine of the script with this number is to be: what the script says, then the command line, then
    /// `flags`.
    ///
    /// # Errors
    /// When there cannot be such a machine.
    pub(crate) fn config(&self, script: usize, flags: &str) -> Result<Config, String> {
        let mut config = Config::default();
        let text = self.scripts.get(script).and_then(|file| std::fs::read_to_string(file).ok());
        let in_flags: Vec<_> = flags.split_whitespace().filter_map(option).collect();
        for (name, value) in in_script(&text.unwrap_or_default()).iter().chain(&self.options).chain(&in_flags)
        {
            // What is no option of the machine is the tool's business.
            let _ = config.set(name, value.as_deref());
        }
        if config.ip_version == IpVersion::V6 {
            return Err("the stack has no IPv6 yet".to_string());
        }
        config.finish();
        Ok(config)
    }
}

/// `--name` or `--name=value`.
fn option(word: &str) -> Option<(String, Option<String>)> {
    let option = word.strip_prefix("--")?;
    let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
    Some((name.to_owned(), value.map(str::to_owned)))
}

/// The options of a script: words that begin with two dashes, on lines that do.
fn in_script(text: &str) -> Vec<(String, Option<String>)> {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("--"));
    lines.flat_map(str::split_whitespace).filter_map(option).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_read_as_the_tool_reads_it() {
        let words = "-v --so_filename /l.so -D MSS=1 --mtu 1400 --local_ip=192.168.7.7 --dry_run a.pkt b.pkt";
        let arguments = Arguments::of(words.split(' ').map(str::to_owned));
        assert_eq!(arguments.value("so_filename"), Some("/l.so"));
        assert_eq!(arguments.value("so_flags"), None);
        assert_eq!(arguments.scripts, [PathBuf::from("a.pkt"), PathBuf::from("b.pkt")]);
        let config = arguments.config(0, "--mtu=1300 --stack=x").expect("there is such a machine");
        assert_eq!((config.setup.mtu, config.setup.local.to_string().as_str()), (1300, "192.168.7.7"));
        assert!(arguments.config(0, "--ip_version=ipv6").is_err());
        assert_eq!(in_script("--mtu=1 // remark\n0 `ip --x`\n  --dry_run").len(), 2);
    }
}
